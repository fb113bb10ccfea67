//! The lists of `line_rules` for further languages, as they are written there; they are folded when they are read.

use super::line_rules::{Expressions, Place};

/// In Chinese, Japanese and Korean every character counts as a word.
const LINE: usize = 24;

pub(super) const SHARE: &[Expressions] = &[
    Expressions {
        place: Place::Start,
        longest: 7,
        list: "jaa artikkeli
            jaa facebookissa
            jaa twitterissä
            jaa whatsappissa
            seuraa meitä
            megosztás
            megosztom
            oszd meg
            kövess minket
            distribuie articolul
            distribuie pe
            urmărește-ne pe
            paylaş
            bu haberi paylaş
            bizi takip edin
            поделиться в
            поделиться новостью
            поделиться статьей
            подписывайтесь на нас
            κοινοποίηση
            μοιραστείτε το
            ακολουθήστε μας
            شارك المقال
            شارك الخبر
            شارك على
            تابعونا على
            udostępnij na
            udostępnij artykuł
            obserwuj nas
            sdílet na
            sdílejte článek
            sledujte nás
            поділитися в
            поділитися новиною
            підписуйтесь на нас
            comparteix
            segueix-nos
            bagikan artikel
            dela på
            del på
            följ oss
            følg oss på
            følg os på",
    },
    Expressions {
        place: Place::Whole,
        longest: 6,
        list: "jaa
            tulosta
            mainos
            kopioi linkki
            nyomtatás
            hirdetés
            link másolása
            distribuie
            publicitate
            tipărește
            copiază linkul
            reklam
            yazdır
            bağlantıyı kopyala
            поделиться
            реклама
            распечатать
            скопировать ссылку
            διαφήμιση
            εκτύπωση
            αντιγραφή συνδέσμου
            مشاركة
            إعلان
            طباعة
            نسخ الرابط
            reklama
            drukuj
            kopiuj link
            sdílet
            tisk
            kopírovat odkaz
            поділитися
            роздрукувати
            publicitat
            imprimeix
            kopiera länk
            kopier lenke
            kopiér link
            reklame
            பகிர்
            விளம்பரம்",
    },
    Expressions {
        place: Place::Whole,
        longest: LINE,
        list: "分享
            分享到
            分享至
            分享文章
            打印
            列印
            复制链接
            複製連結
            广告
            廣告
            扫一扫
            シェア
            シェアする
            共有する
            この記事をシェア
            この記事をシェアする
            印刷する
            リンクをコピー
            広告
            공유
            공유하기
            기사 공유하기
            인쇄
            인쇄하기
            링크 복사
            url 복사
            광고",
    },
];

pub(super) const NEWSLETTER: &[Expressions] = &[
    Expressions {
        place: Place::Start,
        longest: 16,
        list: "tilaa uutiskirje
            tilaa uutiskirjeemme
            iratkozz fel
            iratkozzon fel
            feliratkozás hírlevelünkre
            abonează-te la
            abonați-vă la
            înscrie-te la newsletter
            bültenimize abone
            e-bültene abone
            bültene kaydolun
            подпишитесь на нашу рассылку
            подпишитесь на рассылку
            подписаться на рассылку
            подписывайтесь на наш
            εγγραφείτε στο newsletter
            εγγραφή στο newsletter
            اشترك في النشرة
            اشترك في نشرتنا
            zapisz się na newsletter
            zapisz się do newslettera
            přihlaste se k odběru
            odebírejte newsletter
            підпишіться на нашу розсилку
            підписуйтесь на наш
            subscriu-te
            subscriviu-vos
            prenumerera på
            meld deg på nyhetsbrev
            meld deg på vårt nyhetsbrev
            abonner på
            tilmeld dig nyhedsbrevet",
    },
    Expressions {
        place: Place::Whole,
        longest: LINE,
        list: "uutiskirje
            hírlevél
            bülten
            e-bülten
            рассылка
            ενημερωτικό δελτίο
            النشرة البريدية
            订阅
            訂閱
            订阅我们的电子报
            訂閱電子報
            ニュースレター
            メールマガジン
            ニュースレターを購読
            ニュースレターに登録
            メルマガ登録
            뉴스레터
            뉴스레터 구독
            뉴스레터 구독하기",
    },
];

pub(super) const COMMENTS: &[Expressions] = &[Expressions {
    place: Place::Whole,
    longest: LINE,
    list: "kommentit
        kommentoi
        hozzászólások
        hozzászólás
        kommentek
        comentarii
        lasă un comentariu
        scrie un comentariu
        yorumlar
        yorum yap
        комментарии
        оставить комментарий
        σχόλια
        αφήστε σχόλιο
        التعليقات
        تعليقات
        أضف تعليقا
        اترك تعليقا
        dodaj komentarz
        komentáře
        přidat komentář
        коментарі
        залишити коментар
        comentaris
        deixa un comentari
        skriv en kommentar
        legg igjen en kommentar
        கருத்துகள்
        评论
        評論
        发表评论
        留言
        コメント
        コメントを書く
        コメントする
        댓글
        댓글쓰기
        댓글 쓰기",
}];

pub(super) const OTHER_STORIES: &[Expressions] = &[Expressions {
    place: Place::Whole,
    longest: LINE,
    list: "lue myös
        luetuimmat
        lisää aiheesta
        uusimmat
        uusimmat uutiset
        olvasta már
        ajánlott cikkek
        kapcsolódó cikkek
        legolvasottabb
        legolvasottabbak
        legfrissebb hírek
        további hírek
        citește și
        citiți și
        cele mai citite
        articole similare
        știri similare
        ultimele știri
        vezi și
        te-ar putea interesa
        ilgili haberler
        en çok okunanlar
        çok okunanlar
        son haberler
        benzer haberler
        bunlar da ilginizi çekebilir
        читайте также
        читайте ещё
        самое читаемое
        популярное
        последние новости
        по теме
        материалы по теме
        похожие новости
        другие новости
        вам может быть интересно
        διαβάστε επίσης
        διαβάστε ακόμη
        δημοφιλή
        σχετικά άρθρα
        τελευταία νέα
        τελευταίες ειδήσεις
        ροή ειδήσεων
        اقرأ أيضا
        اقرأ المزيد
        الأكثر قراءة
        أخبار ذات صلة
        مواضيع ذات صلة
        مقالات ذات صلة
        قد يعجبك أيضا
        آخر الأخبار
        zobacz również
        czytaj również
        przeczytaj także
        najczęściej czytane
        najpopularniejsze
        polecane
        powiązane artykuły
        polecamy
        čtěte také
        přečtěte si také
        mohlo by vás zajímat
        nejčtenější
        související články
        další články
        читайте також
        найпопулярніше
        останні новини
        новини за темою
        схожі новини
        també et pot interessar
        llegeix també
        més llegit
        el més llegit
        notícies relacionades
        mer om ämnet
        relaterade artiklar
        senaste nytt
        relaterte artikler
        siste nytt
        relaterede artikler
        seneste nyt
        மேலும் படிக்க
        தொடர்புடைய செய்திகள்
        相关阅读
        相關閱讀
        相关新闻
        相關新聞
        相关文章
        相關文章
        延伸阅读
        延伸閱讀
        推荐阅读
        推薦閱讀
        热门文章
        熱門文章
        热门新闻
        熱門新聞
        最新消息
        更多新闻
        更多新聞
        阅读更多
        猜你喜欢
        関連記事
        関連ニュース
        おすすめ記事
        あわせて読みたい
        合わせて読みたい
        人気記事
        人気記事ランキング
        アクセスランキング
        最新記事
        最新ニュース
        続きを読む
        こちらもおすすめ
        관련 기사
        관련기사
        관련 뉴스
        많이 본 뉴스
        많이 본 기사
        인기 기사
        인기 뉴스
        추천 기사
        추천 뉴스
        최신 뉴스
        주요 뉴스
        이 기사도 보세요",
}];

pub(super) const POINTER: &[Expressions] = &[
    Expressions {
        place: Place::Start,
        longest: 30,
        list: "lue myös
            lue lisää
            olvasd el ezt is
            olvassa el ezt is
            citește și
            citiți și
            vezi și
            ayrıca okuyun
            читайте также
            читайте ещё
            смотрите также
            διαβάστε επίσης
            διαβάστε ακόμη
            δείτε επίσης
            اقرأ أيضا
            شاهد أيضا
            przeczytaj także
            czytaj również
            čtěte také
            přečtěte si také
            читайте також
            llegeix també",
    },
    Expressions {
        place: Place::Whole,
        longest: LINE,
        list: "jatka lukemista
            tovább olvasom
            tovább a cikkhez
            citește mai departe
            citește mai mult
            devamını oku
            haberin devamı
            читать далее
            читать полностью
            подробнее
            περισσότερα
            διαβάστε περισσότερα
            czytaj więcej
            číst dále
            celý článek
            читати далі
            llegir més
            läs hela artikeln
            les hele saken
            læs hele artiklen
            查看原文
            阅读全文
            閱讀全文
            全文を読む
            記事全文を読む
            기사 전문 보기
            기사 더보기",
    },
];

pub(super) const FEED_FOOTER: &[Expressions] = &[
    Expressions {
        place: Place::Anywhere,
        longest: 20,
        list: "kaikki oikeudet pidätetään
            minden jog fenntartva
            toate drepturile rezervate
            tüm hakları saklıdır
            все права защищены
            με επιφύλαξη παντός δικαιώματος
            جميع الحقوق محفوظة
            wszelkie prawa zastrzeżone
            wszystkie prawa zastrzeżone
            všechna práva vyhrazena
            всі права захищені
            tots els drets reservats
            med ensamrätt
            alla rättigheter förbehållna
            alle rettigheter forbeholdt
            版权所有
            版權所有
            未经授权
            未经许可不得转载
            無断転載を禁じます
            無断転載禁止
            무단 전재 및 재배포 금지
            무단전재 및 재배포 금지
            무단전재 재배포 금지",
    },
    Expressions {
        place: Place::Start,
        longest: 45,
        list: "责任编辑
            責任編輯
            저작권자",
    },
];
