//! Invented feeds: five languages, RSS 2.0 and Atom by turns, 35 entries of about 2 kB each. The same bytes on every machine.

use std::fmt::Write as _;

use bytes::Bytes;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use newsdesk::model::{Document, Freshness, Validators};
use url::Url;

pub const ENTRIES: usize = 35;

/// Words as unevenly frequent as they are in a language: the first of each row are the ones that hold sentences together.
const WORDS: [(&str, &str); 5] = [
    (
        "en",
        "the of and to in that is for with was on by it from as after their which have said minister market report \
         court network river company council energy research station harbour software election library bridge island \
         engineers village proposal satellite telescope orchestra investors privacy chip reactor regulators spectrum",
    ),
    (
        "fr",
        "le de la et les des en que une dans pour qui sur par avec plus est après leur selon ministre marché rapport \
         tribunal réseau rivière société conseil énergie recherche gare port logiciel élection bibliothèque pont île \
         ingénieurs village proposition satellite télescope orchestre opérateurs données puce réacteur télécoms fibre",
    ),
    (
        "de",
        "der die und das in den von zu mit für ist auf nicht ein dem sich nach wird aus bei Minister Markt Bericht \
         Gericht Netz Fluss Unternehmen Gemeinderat Energie Forschung Bahnhof Hafen Software Wahl Bücherei Brücke \
         Insel Ingenieure Dorf Vorschlag Satellit Fernrohr Orchester Datenschutz Halbleiter Glasfaser Kraftwerk",
    ),
    (
        "es",
        "de la que el en los del se las por una con para su al como más tras según entre ministro mercado informe \
         tribunal red río empresa consejo energía investigación estación puerto programa elecciones biblioteca puente \
         isla ingenieros pueblo propuesta satélite telescopio orquesta inversores privacidad fibra reactor operadora",
    ),
    (
        "it",
        "di che la il della per una con sono del nel alla anche dopo più come gli dei secondo loro ministro mercato \
         rapporto tribunale rete fiume società consiglio energia ricerca stazione porto programma elezioni biblioteca \
         ponte isola ingegneri paese proposta satellite telescopio orchestra investitori riservatezza fibra reattore",
    ),
];

/// A linear congruential generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

struct Writer<'a> {
    words: Vec<&'a str>,
    numbers: Numbers,
}

impl Writer<'_> {
    fn sentence(&mut self, least: usize) -> String {
        let mut sentence = String::new();
        for position in 0..least + self.numbers.below(least) {
            // The lesser of two: early words are the frequent ones.
            let place = self.numbers.below(self.words.len()).min(self.numbers.below(self.words.len()));
            let word = self.words[place];
            match (position, word.chars().next()) {
                (0, Some(first)) => {
                    sentence.extend(first.to_uppercase());
                    sentence.push_str(&word[first.len_utf8()..]);
                }
                _ => {
                    sentence.push(' ');
                    sentence.push_str(word);
                }
            }
        }
        sentence
    }

    fn html(&mut self, site: &str) -> String {
        let mut html = String::new();
        if self.numbers.below(3) == 0 {
            let _ = writeln!(
                html,
                "<figure><img src=\"/pictures/{}.jpg\" alt=\"{}\" width=\"1200\" height=\"675\" loading=\"lazy\"/>\
                 </figure>",
                self.numbers.below(1 << 30),
                self.sentence(3)
            );
        }
        while html.len() < 1_500 {
            html.push_str("<p>");
            for _ in 0..4 {
                let _ = write!(html, "{}. ", self.sentence(9));
            }
            if self.numbers.below(3) == 0 {
                let number = self.numbers.below(1 << 30);
                let text = self.sentence(2);
                let _ = write!(html, "<a href=\"{site}/{number}?utm_source=rss&amp;utm_medium=feed\">{text}</a>");
            }
            if self.numbers.below(6) == 0 {
                let _ = write!(html, " <em>{}</em> &amp; <strong>{}</strong>", self.sentence(1), self.sentence(1));
            }
            html.push_str("</p>\n");
        }
        html
    }
}

/// The document of the source with this number.
pub fn document(number: usize) -> Document {
    let (language, words) = WORDS[number % WORDS.len()];
    let mut writer = Writer { words: words.split_whitespace().collect(), numbers: Numbers(number as u64) };
    let site = format!("https://publisher{number}.example");
    let newest = newest() - Duration::seconds(writer.numbers.below(86_400) as i64);
    let dates = (0..ENTRIES as i64).map(|place| newest - Duration::minutes(47 * place));
    let is_atom = number % 2 == 1;
    let body =
        if is_atom { atom(&site, language, dates, &mut writer) } else { rss(&site, language, dates, &mut writer) };
    let url = Url::parse(&format!("{site}/feed")).expect("a URL");
    Document {
        base: url.clone(),
        url,
        moved_permanently_to: None,
        content_type: Some(if is_atom { "application/atom+xml" } else { "application/rss+xml; charset=utf-8" }.into()),
        body: Bytes::from(body),
        validators: Validators::default(),
        freshness: Freshness::default(),
    }
}

pub fn documents(count: usize) -> Vec<Document> {
    (0..count).map(document).collect()
}

pub fn octets(documents: &[Document]) -> usize {
    documents.iter().map(|document| document.body.len()).sum()
}

/// When the invented news is from.
pub fn newest() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

fn rss(site: &str, language: &str, dates: impl Iterator<Item = DateTime<Utc>>, writer: &mut Writer) -> String {
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n\
         <channel>\n<title>{}</title>\n<link>{site}/</link>\n<description>{}</description>\n\
         <language>{language}</language>\n<ttl>15</ttl>\n",
        writer.sentence(2),
        writer.sentence(6)
    );
    for date in dates {
        let link = format!("{site}/{}", writer.numbers.below(1 << 40));
        let _ = write!(
            feed,
            "<item>\n<title>{}</title>\n<link>{link}?utm_source=rss</link>\n<guid>{link}</guid>\n<pubDate>{}</pubDate>\n\
             <dc:creator><![CDATA[Zoë Martin]]></dc:creator>\n<category>{}</category>\n\
             <description><![CDATA[<p>{}</p>]]></description>\n<content:encoded><![CDATA[{}]]></content:encoded>\n</item>\n",
            writer.sentence(5),
            date.to_rfc2822(),
            writer.sentence(1),
            writer.sentence(15),
            writer.html(site)
        );
    }
    feed + "</channel>\n</rss>\n"
}

fn atom(site: &str, language: &str, dates: impl Iterator<Item = DateTime<Utc>>, writer: &mut Writer) -> String {
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\n\
         <title>{}</title>\n<id>{site}/</id>\n<link rel=\"self\" href=\"{site}/feed\"/>\n<link href=\"{site}/\"/>\n\
         <updated>{}</updated>\n",
        writer.sentence(2),
        newest().to_rfc3339_opts(SecondsFormat::Secs, true)
    );
    for date in dates {
        let (link, date) =
            (format!("{site}/{}", writer.numbers.below(1 << 40)), date.to_rfc3339_opts(SecondsFormat::Secs, true));
        let _ = write!(
            feed,
            "<entry>\n<title>{}</title>\n<id>{link}</id>\n<link href=\"{link}\"/>\n<published>{date}</published>\n\
             <updated>{date}</updated>\n<author><name>Jürgen Müller</name></author>\n<category term=\"{}\"/>\n\
             <summary>{}</summary>\n<content type=\"html\">{}</content>\n</entry>\n",
            writer.sentence(5),
            writer.sentence(1),
            writer.sentence(15),
            escaped(&writer.html(site))
        );
    }
    feed + "</feed>\n"
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
