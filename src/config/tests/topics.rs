//! Topics in all their parts, and the files that they live in.

use std::{fs, path::Path};

use super::{read, right};
use crate::{
    config::{Config, Environment, load_in},
    model::SourceId,
};

const SOURCE: &str = "[sources.monde]\nurl = \"https://monde.example/feed\"\n";

/// Place, message and hint of the one problem, or the one warning, in a file.
fn complaint(text: &str) -> String {
    match read(text) {
        Ok((_, warnings)) => match &warnings[..] {
            [warning] => warning.to_string(),
            other => panic!("not one warning but {other:#?}\n{text}"),
        },
        Err(problems) => match &problems.problems[..] {
            [_] => problems.to_string(),
            other => panic!("not one problem but {other:#?}\n{text}"),
        },
    }
}

#[test]
fn every_mistake_in_a_term_is_told_at_its_column() {
    for (line, place, message) in [
        (r#"terms.any = ["cloud", "a NEAR b"]"#, "2:26", "NEAR needs a number of words from 1 to 100"),
        (r#"terms.any = ["cloud", "é ((x"]"#, "2:26", "this parenthesis is not closed"),
        (r#"terms.any = ["cloud", "cloud^0"]"#, "2:30", "the weight 0 is not above 0"),
        (r#"terms.it = ["cloud", "ai"]"#, "2:23", "\"ai\" is a stop word of language \"it\""),
        (r#"terms.any = ['/GPT-(\d/']"#, "2:20", "not a regular expression: unclosed group"),
        (r#"terms.any = ["cloud", '/\w*/']"#, "2:25", "the regular expression hits where nothing stands"),
        (r#"terms.any = ["cloud", "/\\bGPT\\d(/"]"#, "2:34", "not a regular expression: unclosed group"),
        (r#"terms.any = ["cloud", "*art*"]"#, "2:25", "the wildcard leaves only \"art\""),
        ("terms.any = [\"cloud\"]\nminus.en = [\"the\"]", "3:14", "\"the\" is a stop word of language \"en\""),
        ("terms.any = [\"cloud\"]\nshield.fr = [\"vent fort^2\"]", "3:24", "a shield brings no points"),
        ("terms.any = [\"cloud\"]\nnot.any = [\"horoscope^9\"]", "3:22", "a veto brings no points"),
        ("terms.any = [\"cloud\"]\nnot.sv = [\"horoskop\"]", "3:5", "`sv` is not one of the languages of [tagging]"),
        ("terms.any = [\"cloud\"]\nrequire = [[\"data^2\"]]", "3:18", "a requirement brings no points"),
        ("terms.any = [\"cloud\"]\nrequire = [[\"data\"], []]", "1:9", "a group of `require` is empty"),
        ("terms.any = [\"cloud\"]\ncategory = [\"News^x\"]", "3:19", "\"x\" is not a weight"),
        ("terms.any = [\"cloud\"]\ncategory = [\"--\"]", "3:14", "there is no name in this"),
        ("terms.any = [\"cloud\"]\nimplies = [\"t\"]", "3:12", "the topic implies itself"),
        ("terms.any = [\"cloud\"]\nimplies = [\"u\"]", "3:12", "there is no topic `u`"),
        ("terms.any = [\"cloud\"]\nscope.sources = [\"mond\"]", "3:18", "there is no source `mond`"),
        ("terms.any = [\"cloud\"]\nscope.languages = [\"french\"]", "3:20", "`french` is not a language"),
        ("terms.any = [\"cloud\"]\nscope.countries = [\"UK\"]", "3:20", "`UK` is not a country"),
        (
            "terms.any = [\"cloud\"]\nthreshold = 9",
            "3:13",
            "no text can reach the threshold 9: its terms give 4 at most",
        ),
        ("category = [\"News\"]\nthreshold = 7", "3:13", "no text can reach the threshold 7: its terms give 6 at most"),
        (
            "terms.any = [\"cloud^2\"]\nfield_weight = { title = 0.1, lead = 0.1, body = 0.1, category = 0 }",
            "1:9",
            "no text can reach the threshold 4: its terms give 2.2",
        ),
        ("terms.en = [\"cloud^2\"]\nscope.languages = [\"fr\"]", "2:7", "the topic's scope leaves out entries in `en`"),
    ] {
        if line.contains("scope.languages = [\"fr\"]") {
            let problems = read(&format!("[topics.t]\n{line}\n")).expect_err(line).to_string();
            assert!(problems.contains("no text can reach the threshold"), "a scope counts: {problems}");
            continue;
        }
        let told = complaint(&format!("[topics.t]\n{line}\n{SOURCE}"));
        assert!(told.starts_with(&format!("n.toml:{place}: {message}")), "{line}:\n{told}");
        assert!(told.contains("hint: "), "{told}");
    }
}

#[test]
fn hints_lead_to_what_was_meant() {
    let other = "[topics.telecom]\nterms.any = [\"cloud\"]\nformerly = [\"phones\"]\n";
    for (line, hint) in [
        ("implies = [\"telecoms\"]", "did you mean `telecom`?"),
        ("implies = [\"phones\"]", "it is called `telecom` now"),
        ("scope.sources = [\"monde2\"]", "did you mean `monde`?"),
        ("scope.countries = [\"uk\"]", "did you mean `GB`?"),
    ] {
        let told = complaint(&format!("[topics.t]\nterms.any = [\"cloud\"]\n{line}\n{other}{SOURCE}"));
        assert!(told.contains(hint), "{line}: {told}");
    }
    let told = complaint("[sources.a]\nurl = \"https://a.example/\"\ncountry = \"France\"\n");
    assert!(told.starts_with("n.toml:3:11: `France` is not a country"), "{told}");
}

#[test]
fn warns_of_what_is_allowed_and_probably_not_meant() {
    let many: Vec<String> = (0..21).map(|n| format!("'/GPT-{n}/'")).collect();
    for (line, place, message) in [
        ("terms.any = [\"cloud\", \"x\"]\nterms.de = [\"Wolke\"]\nthreshold = 11".to_owned(), "", ""),
        ("terms.any = [\"cloud^4\"]".to_owned(), "2:14", "one hit anywhere in the text reaches the threshold"),
        ("terms.any = [\"cloud^3\"]\nfield_weight.body = 1.5".to_owned(), "2:14", "one hit anywhere in the text"),
        (
            "terms.fr = [\"cloud^2\"]\nterms.de = [\"Wolke^0.5\"]".to_owned(),
            "3:7",
            "no text in `de` can reach the threshold 4: its terms give 2 at most",
        ),
        (
            "terms.any = [\"cloud^2\"]\nterms.de = [\"Wolke\"]\nscope.languages = [\"fr\"]".to_owned(),
            "3:7",
            "the topic's scope leaves out entries in `de`",
        ),
        (
            "terms.any = [\"mistral^2\"]\nshield.any = [\"Mistral\"]".to_owned(),
            "3:15",
            "this shields every hit of the term of the same words",
        ),
        (
            format!("terms.any = [\"cloud\", {}]", many.join(", ")),
            "2:23",
            "from here on there are more than 20 regular expressions in all",
        ),
        (
            "terms.any = [\"cloud\"]\nimplies = [\"u\"]\n[topics.u]\nterms.any = [\"data\"]\nimplies = [\"v\"]\n\
             [topics.v]\nterms.any = [\"date\"]\n"
                .to_owned(),
            "",
            "",
        ),
    ] {
        let text = format!("[topics.t]\n{line}\n");
        if message.is_empty() {
            assert_eq!(right(&text).1, "", "{line}");
            continue;
        }
        let told = complaint(&text);
        assert!(told.starts_with(&format!("n.toml:{place}: warning: {message}")), "{line}:\n{told}");
    }
    let circle = "[topics.t]\nterms.any = [\"cloud\"]\nimplies = [\"u\"]\n[topics.u]\nimplies = [\"t\"]\n";
    let (_, warnings) = right(circle);
    assert!(warnings.contains("n.toml:3:12: warning: `t` and `u` bring each other along"), "{warnings}");
    assert!(warnings.contains("n.toml:5:12: warning:"), "{warnings}");

    let too_many: Vec<String> = (0..101).map(|n| format!("'/GPT-{n}/'")).collect();
    let told = complaint(&format!("[topics.t]\nterms.any = [{}]\n", too_many.join(", ")));
    assert!(told.starts_with("n.toml:2:14: from here on there are more than 100 regular expressions"), "{told}");
}

#[test]
fn a_topic_with_everything() {
    let (config, warnings) = right(&format!(
        r#"
[topics.t]
terms.any = ["cloud^2", '/GPT-\d/']
minus.fr = ["nuage^0.5"]
shield.fr = ["nuage de points"]
not.any = ["horoscope"]
require = [["data", "données"], ["Europe"]]
category = ["Télécoms", "Tech^1.5"]
implies = ["parent"]
scope = {{ sources = ["monde"], languages = ["FR"], countries = ["fr"] }}
field_weight = {{ lead = 2.5 }}
anchor_words = 0
[topics.parent]
{SOURCE}language = "fr-CA"
[sources.soir]
url = "https://soir.example/feed"
language = "fr"
country = "be"
"#
    ));
    assert_eq!(warnings, "");
    let topic = &config.topics[0];
    assert_eq!((topic.terms["any"].len(), topic.patterns(), topic.require.len()), (2, 1, 2));
    let categories: Vec<_> = topic.category.iter().map(|category| (&*category.name, category.weight)).collect();
    assert_eq!(categories, [("Télécoms", 2.0), ("Tech", 1.5)]);
    assert_eq!((topic.scope.languages.join(" "), topic.scope.countries.join(" ")), ("fr".into(), "FR".into()));
    assert_eq!(topic.field_weight.map(|weight| (weight.title, weight.lead)), Some((3.0, 2.5)));
    assert_eq!((topic.anchor_words, topic.implies[0].as_str()), (Some(0), "parent"));
    let country = |id: &str| config.tagging.countries.get(&SourceId::new(id)).map(String::as_str);
    assert_eq!((country("monde"), country("soir")), (Some("CA"), Some("BE")), "the language's region, or its own");
}

/// Loads `n.toml` from a folder with these files.
fn load(files: &[(&str, &str)]) -> Result<(Config, String), String> {
    let folder = tempfile::tempdir().expect("a folder");
    // The folder's own name must not be taken for a pattern.
    let folder = folder.path().join("a[b]*");
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("made");
        fs::write(path, text).expect("written");
    }
    let environment = Environment { folder, ..Environment::default() };
    let loaded = load_in("n.toml".as_ref(), &environment).map_err(|problems| problems.to_string());
    loaded.map(|(config, warnings)| (config, warnings.iter().map(ToString::to_string).collect()))
}

#[test]
fn topics_live_in_files_of_their_own() {
    let main = "include = [\"topics/*.toml\", \"topics/b.toml\", \"*.toml\"]\n[topics.main]\nterms.any = [\"cloud\"]\n";
    let (config, warnings) = load(&[
        ("n.toml", main),
        (
            "topics/b.toml",
            "[topics.b2]\nterms.any = [\"data\"]\n[topics.b1]\nterms.any = [\"date\"]\nimplies = [\"a\"]\n",
        ),
        ("topics/a.toml", "\u{feff}[topics.a]\nterms.any = [\"robot\"]\nformerly = [\"old-a\"]\n"),
        ("topics/.hidden.toml", "nonsense"),
        ("topics/deeper/c.toml", "nonsense"),
        ("topics/notes.txt", "nonsense"),
    ])
    .expect("it is right");
    assert_eq!(warnings, "");
    let topics: Vec<_> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
    assert_eq!(topics, ["main", "a", "b2", "b1"], "each file once, in the order of their names");
    assert_eq!(config.topic_pages.len(), 4);
    assert_eq!(config.former_topics["old-a"].as_str(), "a");
}

#[test]
fn a_mistake_names_the_included_file() {
    const MAIN: &str = "include = [\"topics/*.toml\"]\n[topics.ai]\nterms.any = [\"robot\"]\nformerly = [\"old\"]\n";
    for (sentence, file, expected) in [
        (
            "a term",
            "[topics.b]\nterms.any = [\"data\", \"a NEAR b\"]\n",
            "topics/b.toml:2:25: NEAR needs a number of words",
        ),
        (
            "an unknown key",
            "[topics.b]\nterm.any = [\"data\"]\n",
            "topics/b.toml:2:1: unknown key `term` in [topics.b]",
        ),
        ("no TOML", "[topics.b\n", "topics/b.toml:1:10: not TOML"),
        ("another table", "[server]\nlisten = \"[::]:80\"\n", "topics/b.toml:1:2: unknown key `server` at the top"),
        ("a file within a file", "include = [\"c.toml\"]\n", "topics/b.toml:1:1: unknown key `include` at the top"),
        (
            "a topic that is there already",
            "[topics.ai]\nterms.any = [\"data\"]\n",
            "topics/b.toml:1:9: `ai` is a topic of the configuration file already",
        ),
        (
            "an old id that is claimed",
            "[topics.b]\nterms.any = [\"data\"]\nformerly = [\"old\"]\n",
            "topics/b.toml:3:13: `ai` was formerly `old` already",
        ),
        (
            "an old id that is in use",
            "[topics.b]\nterms.any = [\"data\"]\nformerly = [\"ai\"]\n",
            "topics/b.toml:3:13: `ai` is still the id of a topic",
        ),
    ] {
        let told = load(&[("n.toml", MAIN), ("topics/b.toml", file)]).expect_err(sentence);
        assert!(told.starts_with(expected), "{sentence}: {told}");
        assert!(told.contains("hint: "), "{sentence}: {told}");
        assert!(told.ends_with("1 problem in n.toml and what it includes"), "{sentence}: {told}");
    }
    let same = "[topics.x]\nterms.any = [\"data\"]\n";
    let told = load(&[("n.toml", MAIN), ("topics/a.toml", same), ("topics/b.toml", same)]).expect_err("twice");
    assert!(told.starts_with("topics/b.toml:1:9: `x` is a topic of topics/a.toml already"), "{told}");
    let both = [("n.toml", "include = [\"b.toml\"]\nx = 1\n"), ("b.toml", "y = 1\n")];
    let told = load(&both).expect_err("wrong");
    assert!(told.contains("n.toml:2:1: unknown key `x`") && told.contains("b.toml:1:1: unknown key `y`"), "{told}");
    let warned = load(&[("n.toml", "include = [\"b.toml\"]\n"), ("b.toml", "[topics.b]\nterms.any = [\"data^4\"]\n")]);
    assert!(warned.expect("right").1.starts_with("b.toml:2:14: warning: one hit anywhere"), "the file is named");
}

#[test]
fn what_is_included_must_be_there() {
    for (include, expected) in [
        ("topics/b.toml", "n.toml:1:12: there is no file `topics/b.toml`"),
        ("a[", "n.toml:1:12: `a[` cannot be included"),
        ("folder", "n.toml:1:12: folder cannot be read"),
    ] {
        let main = format!("include = [\"{include}\"]\n");
        let told = load(&[("n.toml", &main), ("folder/x", "")]).expect_err(include);
        assert!(told.starts_with(expected), "{include}: {told}");
    }
    let (_, warnings) = load(&[("n.toml", "include = [\"topics/*.toml\"]\n")]).expect("right");
    assert!(warnings.starts_with("n.toml:1:12: warning: there is no file `topics/*.toml`"), "{warnings}");
}
