//! The words that every text of a language is full of. They tell languages apart, and no term may consist of them alone.
//!
//! Pure function words only: a word that also names a thing (French "été", Italian "stato") is not listed.

use std::{collections::HashMap, sync::LazyLock};

use crate::text::fold;

/// Whether `word`, in lower case with or without its diacritics, is a stop word of `language` (a primary subtag).
pub fn is_stop_word(language: &str, word: &str) -> bool {
    position(language).is_some_and(|position| languages_of(&fold(word)) & (1 << position) != 0)
}

/// Whether `word`, in lower case, is a stop word of any language we have a list of.
pub fn is_stop_word_somewhere(word: &str) -> bool {
    languages_of(&fold(word)) != 0
}

/// Every language with a list.
pub(super) fn languages() -> impl Iterator<Item = &'static str> {
    LISTS.iter().map(|(language, _)| *language)
}

/// How many languages have a list.
pub(super) const LANGUAGES: usize = LISTS.len();

/// The languages that a word in lower case, with its diacritics or without, is a stop word of: bit n stands for the nth of
/// [`languages`].
pub(super) fn languages_of(word: &str) -> u32 {
    MASKS.get(word).copied().unwrap_or(0)
}

fn position(language: &str) -> Option<usize> {
    languages().position(|name| name == language)
}

/// One look-up per word, however many languages there are.
static MASKS: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let mut masks = HashMap::new();
    for (position, (_, words)) in LISTS.iter().enumerate() {
        for word in words.split_whitespace() {
            // A word with its diacritics tells more ("är", "és"), but not every publisher writes them.
            for written in [word.to_owned(), fold(word).into_owned()] {
                *masks.entry(written).or_default() |= 1 << position;
            }
        }
    }
    masks
});

const LISTS: &[(&str, &str)] = &[
    (
        "en",
        "a about above after again against all also am an and any are as at be because been before being below between both but
         by can could did do does doing down during each even every few for from further had has have having he her here hers
         herself him himself his how i if in into is it its itself just may me might more most must my myself no nor not now of
         off on once one only or other our ours ourselves out over own same shall she should so some such than that the their
         theirs them themselves then there these they this those through to too under until up upon us very was we were what
         when where which while who whom whose why will with would yet you your yours yourself yourselves",
    ),
    (
        "fr",
        "a à afin ai aie ainsi après as au aucun aucune aujourd'hui auquel aura aurait aussi autre autres aux avaient avait avant
         avec avez avoir avons ayant c car ce ceci cela celle celles celui cependant ces cet cette ceux chaque chez ci comme
         comment d dans de depuis des desquels dont donc du elle elles en encore entre es est et étaient était étant être eu eux
         fait font furent fut ici il ils j je jusqu jusque l la le lequel les leur leurs lors lorsque lui m ma mais me même mêmes
         mes moi moins mon n ne ni non nos notre nous on ont ou où par parce pas peu peut plus pour pourquoi puis qu quand que
         quel quelle quelles quels qui quoi s sa sans se selon sera serait ses si soit son sont sous sur t ta te tes toi ton tous
         tout toute toutes très tu un une vers vos votre vous y",
    ),
    (
        "de",
        "ab aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus bei beim bin bis
         bist da dabei dadurch dafür dagegen daher damit dann daran darauf daraus darf das dass daß davon dazu dem den denn der
         deren des dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines
         er es etwa etwas euch euer für gegen hab habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem
         ihren ihrer ihres im in indem ins ist ja jede jedem jeden jeder jedes jene jetzt kann kein keine keinem keinen keiner
         können könnte man manche mehr mein meine mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne sehr sein
         seine seinem seinen seiner seines seit sich sie sind so solche soll sollen sollte sondern sowie über um und uns unser
         unsere unter viel vom von vor während war waren was weil weiter welche welchem welchen welcher welches wenn wer werde
         werden wie wieder will wir wird wirst wo wollen worden wurde wurden zu zum zur zwar zwischen",
    ),
    (
        "es",
        "a ahora al algo algunas alguno algunos ante antes aquel aquella aquellos así aún aunque bajo cada casi como con contra
         cual cuando cuya cuyo de del desde después donde dos durante e el él ella ellas ellos en entonces entre era eran es esa
         esas ese eso esos esta está estaba estado están estar estas este esto estos fue fueron ha había habían haber han hasta
         hay he la las le les lo los más me mi mientras mis mucho muchos muy nada ni no nos nosotros nuestra nuestro o os otra
         otras otro otros para pero poco por porque pues que qué quien quienes se sea según ser si sí sido siempre sin sino sobre
         solo sólo son su sus también tan tanto te tiene tienen toda todas todavía todo todos tras tu tus un una unas uno unos
         usted va y ya yo",
    ),
    (
        "it",
        "a abbia ad agli ai al alla alle allo allora altra altre altri altro anche ancora avere aveva avevano c che chi ci cioè
         come con così cui d da dagli dai dal dall dalla dalle dallo degli dei del dell della delle dello di dopo dove due e è ed
         era erano essere fa fino fra fu furono gli ha hanno ho i il in io l la le lei li lo loro lui ma mentre mi mia mie miei
         mio molto ne negli nei nel nell nella nelle nello no noi non nostra nostro o ogni oltre ora per perché perciò però più
         poco poi prima proprio qualche quale quali quando quanto quasi quella quelle quelli quello questa queste questi questo
         qui se secondo sei sempre senza si sia siamo siano solo sono sopra sotto sta stata state stati su sua sue sugli sui sul
         sull sulla sulle sullo suo suoi te ti tra tu tua tue tutti tutto un una uno va verso vi voi",
    ),
    (
        "pt",
        "a ainda além ao aos apenas após as até cada com como da das de depois do dos e é ela elas ele eles em entre era essa esse
         esta está este eu foi foram há isso isto já lhe lhes mais mas me mesmo meu minha muito na não nas nem no nos nós nossa
         nosso num numa o os ou para pela pelas pelo pelos por porque quando que quem são se sem ser será seu seus só sobre sua
         suas também te tem têm tinha toda todas todo todos tu um uma você vocês",
    ),
    (
        "nl",
        "aan al alle als altijd bij daar dan dat de den der deze die dit doch doen door dus een en er ge geen haar had heb hebben
         heeft hem het hier hij hoe hun iets ik in is ja je jij kan kunnen maar me meer men met mij mijn na naar niet niets nog nu
         of om omdat onder ons ook op over te tegen toch toen tot u uit uw van veel voor want waren was wat we wel werd werden wie
         wij wil worden wordt zal ze zei zelf zich zij zijn zo zonder zou",
    ),
    (
        "sv",
        "alla allt att av bara blev bli blir de dem den denna deras dess dessa det detta dig din du då där efter ej eller en er ett
         från för ha hade han har hela henne hennes hon honom hur här i icke in inom inte jag ju kan kunde man med mellan men mig
         min mot mycket ni nu när någon något några och om oss på samma sedan sig sin sina själv ska skulle som så sådan till
         under upp ut utan vad var vara varför vi vid vilken vår än är åt över",
    ),
    (
        "da",
        "af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller en end er
         et for fra få gør ham han hans har havde have hende hendes her hos hun hvad hvis hvor i ikke ind jeg jer jo kan kunne
         man mange med meget men mig min mod ned noget nogle nu når og også om op os over på selv sig sin skal skulle som så
         sådan thi til ud under var vi vil ville vor være været",
    ),
    (
        "no",
        "alle at av bare ble bli blir da de deg dem den denne der dere det dette di din disse du eller en enn er et etter for fra
         før ha hadde han har henne her hos hun hva hvem hver hvis hvor i ikke inn jeg kan kom kunne man mange med meg mellom men
         min mot må ned noe noen nå når og også om opp oss over på seg selv sin sitt skal skulle slik som så til ut uten var ved
         vi vil ville vår være vært å",
    ),
    (
        "fi",
        "että ei eivät en entä hän he heidän hänen ja jo joka jonka jos jotka kanssa koska kuin kun kuten me mikä minä mitä mukaan
         mutta myös ne niin nyt ole oli olivat olla on ovat päälle se sekä sen siitä sitä tai tämä tämän te tuo vaan vai vain
         vielä voi",
    ),
    (
        "hu",
        "a ahogy akár aki ami amely annak arra az azért azok azt be csak de egy egyik ehhez és ez ezek ezt fel ha hanem hogy hogyan
         is ki kell közben között le lehet lesz ma már meg még mert mi miatt mint minden mindig míg most nagyon ne nem nincs ő ők
         olyan össze pedig sem szerint után vagy van volt volna",
    ),
    (
        "ro",
        "a acea aceasta această aceste acest acum ai al ale am ar are as asta așa au avea ca că care ce cea cel cele cei chiar cine
         cu cum că da dacă dar de deci decât despre din doar după e ea ei el ele era este eu fi fie fost iar în între îi își l la
         le lui mai mult ne nici nu o or pe pentru prin s sa să sau se și spre sub sunt te toate tot un una unei unui vor",
    ),
    (
        "tr",
        "ama ancak artık aslında bana bazı belki ben beni bile bir biz bu bunu bunun çok çünkü da daha de değil diğer diye en fakat
         gibi hem hep her hiç için ile ise kadar ki kim mı mi mu mü nasıl ne neden o olan olarak olduğu olduğunu olup onu onun
         sen siz sonra şey şu tüm üzere var ve veya ya yani yok zaten",
    ),
    (
        "ru",
        "а без более бы был была были было быть в вам вас во вот все всего всех вы где да даже для до его ее если есть еще же за
         и из или им их к как ко когда которые который кто ли мы на над не него нее нет ни них но ну о об он она они от по под
         после при про с свой себя со так также там то того тоже только том ты у уже чем что чтобы эта эти это этого этой этом
         этот я",
    ),
    (
        "el",
        "αλλά αν από αυτά αυτή αυτό αυτός για δε δεν εγώ εδώ εκεί είναι εμείς ένα ένας εσύ έχει έχουν η ή ήταν θα και κατά κι μα
         με μετά μη μην μια να ο οι ό,τι όμως όπως όταν ότι παρά που πριν προς πως σαν σε στα στη στην στις στο στον στους τα τη
         την της τι τις το τον του τους των ως",
    ),
    (
        "ar",
        "أن إن أو أي إلى التي الذي الذين ان او بعد بين تم ثم حتى حيث خلال ذلك عن على عند غير في قبل قد كان كانت كل كما لا لم لن له
         لها ما مع من منذ هذا هذه هو هي و وقد ولا ومن يكون",
    ),
    (
        "ta",
        "அது அந்த அவர் அவர்கள் அவன் அவள் ஆனால் ஆகும் இது இந்த இவர் இருந்து இல்லை உள்ள உள்ளது எந்த என என்ற என்று என்பது எனவே ஒரு கூட
         கொண்டு தான் நான் நாம் நீங்கள் பற்றி பிறகு போன்ற போல மட்டும் மற்றும் மிகவும் முன் மேலும் வந்து வரை வேண்டும்",
    ),
    (
        "ca",
        "a aquest aquesta aquests això al als amb aquells bé cada com contra d de del dels des després doncs dos el ell ella ells els
         em en encara entre era eren és està estan ha hagi han havia hi ho i l la les li ja més molt na ni no nosaltres o on pel
         pels per perquè però qual quan que què qui s sense ser serà seu seva seus si sobre són també tan tot tots un una uns va
         van vostè",
    ),
    (
        "pl",
        "a aby ale bez bo by był była było były być co czy dla do gdy go i ich im ich ja jak jako jego jej jest jeszcze już ją każdy
         kiedy która które którego której który których którzy lub ma mają może na nad nie nich nim o od oraz po pod podczas przed
         przez przy są się także tak tam tego tej ten też to tu tych tym tylko w we więc wszystko z za ze że",
    ),
    (
        "cs",
        "a aby ale ani asi až bez bude by byl byla bylo byly být co či další do i ja jak jako je jeho jejich jen ještě jsem jsme jsou
         k kde když ke která které který kteří ma má mezi mi mít na nad ne nebo není než o od on ona oni pak po pod podle pouze pro
         proti proto protože před přes při s se si své svůj ta tak také tedy ten tento této to tohoto tom tomto toto tu ty už v
         ve však více z za ze že",
    ),
    (
        "uk",
        "а або але без би був була були було в вже вона вони від він все всі та так такий також там те ти тим тільки то того у для до
         за з зі й його її їх і із коли між на навіть над не немає ні ним них о об про при під після по цей ця це ці цього цієї час
         чи що щоб я як яка яке який які яких є ще",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_words_that_trap_topics() {
        for (language, word) in [
            ("it", "ai"),
            ("de", "die"),
            ("en", "it"),
            ("en", "us"),
            ("en", "may"),
            ("en", "who"),
            ("fr", "à"),
            ("fr", "même"),
            ("de", "fur"),
        ] {
            assert!(is_stop_word(language, word), "{language}: {word}");
        }
        for (language, word) in [("fr", "été"), ("it", "stato"), ("en", "ai"), ("de", "ki"), ("xx", "the")] {
            assert!(!is_stop_word(language, word), "{language}: {word}");
        }
    }
}
