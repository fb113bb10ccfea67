use proptest::prelude::*;

use super::read;
use crate::config::{check, load_in};

/// What the admin reads: place and message, the caret's text, hint.
fn report(text: &str) -> Vec<(String, String, String)> {
    let problems = read(text).err().map(|problems| problems.problems).unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| {
            let (place, at) = problem.place.map_or_else(Default::default, |place| {
                let marked = place.excerpt.chars().skip(place.indent).take(place.width).collect();
                (format!("{}:{}: ", place.line, place.column), marked)
            });
            (format!("{place}{}", problem.message), at, problem.hint.unwrap_or_default())
        })
        .collect()
}

#[test]
fn one_problem_each() {
    const FEED: &str = "url = \"https://example.org/feed\"\n";
    let source = |rest: &str| format!("[sources.a]\n{FEED}{rest}");
    let table: Vec<(&str, String, &str, &str, &str)> = vec![
        ("a table that is not closed", "[polling\n".into(), "1:9: not TOML: unclosed table", "", "toml.io"),
        ("a value that is missing", "[server]\nlisten =\n".into(), "2:9: not TOML: ", "", "toml.io"),
        ("a string without its end", "[server]\nlisten = \"127\n".into(), "2:", "", "toml.io"),
        (
            "a key that is set twice",
            "[publish]\nentries = 5\nentries = 6\n".into(),
            "3:1: `entries` is set twice",
            "entries",
            "the first is on line 2;",
        ),
        (
            "a source that is there twice",
            format!("{}\n{}", source(""), source("")),
            "4:10: `a` is set twice",
            "a",
            "the first is on line 1;",
        ),
        (
            "an unknown table",
            "[web]\n".into(),
            "1:2: unknown key `web` at the top of the file",
            "web",
            "the tables are `polling`, `publish`, `server`, ",
        ),
        (
            "a misspelt table",
            "[topic.a]\nterms.any = [\"x\"]\n".into(),
            "1:2: unknown key `topic` at the top",
            "topic",
            "did you mean `topics`?",
        ),
        (
            "a misspelt key",
            "[polling]\nscedule = \"@daily\"\n".into(),
            "2:1: unknown key `scedule` in [polling]",
            "scedule",
            "did you mean `schedule`?",
        ),
        (
            "a key with a hyphen",
            "[polling]\nhost-gap = \"1s\"\n".into(),
            "2:1: unknown key `host-gap`",
            "host-gap",
            "did you mean `host_gap`?",
        ),
        (
            "a key of another table",
            "[server]\nretention = \"3d\"\n".into(),
            "2:1: unknown key `retention` in [server]",
            "retention",
            "belongs in [store]",
        ),
        (
            "a key like no other",
            "[publish]\nxyz = 1\n".into(),
            "2:1: unknown key `xyz` in [publish]",
            "xyz",
            "its keys are `directory`",
        ),
        (
            "a number for a duration",
            "[polling]\ntimeout = 30\n".into(),
            "2:11: `polling.timeout` must be a string, not a whole number",
            "30",
            "write `timeout = \"30s\"`",
        ),
        (
            "a string for a number",
            "[publish]\nentries = \"5\"\n".into(),
            "2:11: `publish.entries` must be a whole number, not a string",
            "\"5\"",
            "write `entries = 100`",
        ),
        (
            "a string for a list",
            "[tagging]\nlanguages = \"en\"\n".into(),
            "2:13: `tagging.languages` must be a list",
            "\"en\"",
            "write `languages = [\"en\", \"fr\"",
        ),
        (
            "a number in a list of strings",
            "[topics.t]\nterms.any = [\"x\", 5]\n".into(),
            "2:19: every element of `topics.t.terms.any` must be a string",
            "5",
            "put it in quotes",
        ),
        (
            "a term outside a list",
            "[topics.t]\nterms.any = \"x\"\n".into(),
            "2:13: `topics.t.terms.any` must be a list",
            "\"x\"",
            "write a list: `any = [\"…\"]`",
        ),
        (
            "a source that is a string",
            "[sources]\nlemonde = \"https://x.example/\"\n".into(),
            "2:11: `sources.lemonde` must be a table, not a string",
            "\"https://x.example/\"",
            "[sources.lemonde]",
        ),
        (
            "a number that is too large",
            "[polling]\nconcurrency = 5_000\n".into(),
            "2:15: `polling.concurrency` is out of range",
            "5_000",
            "from 1 to 1024",
        ),
        (
            "a number beyond any integer",
            "[publish]\nentries = 99999999999999999999\n".into(),
            "2:11: `publish.entries` is out of range",
            "99999999999999999999",
            "from 1 to 1000",
        ),
        (
            "a negative weight",
            "[tagging]\nfield_weight.title = -1.0\n".into(),
            "2:22: `tagging.field_weight.title` is out of range",
            "-1.0",
            "from 0 to 100",
        ),
        (
            "a weight that is no number",
            "[tagging]\nfield_weight = { lead = nan }\n".into(),
            "2:25: `tagging.field_weight.lead` is out of range",
            "nan",
            "",
        ),
        (
            "a name for an address",
            "[server]\nlisten = \"localhost:80\"\n".into(),
            "2:10: `localhost:80` is not an address and port",
            "\"localhost:80\"",
            "write \"127.0.0.1:80\"",
        ),
        ("a port alone", "[server]\nlisten = \":8080\"\n".into(), "2:10: `:8080` is not", "\":8080\"", "\"[::]:8080\""),
        (
            "an address alone",
            "[server]\nlisten = \"::1\"\n".into(),
            "2:10: `::1` is not",
            "\"::1\"",
            "add the port: \"[::1]:8080\"",
        ),
        (
            "a public URL without a scheme",
            "[server]\npublic_url = \"news.example.org\"\n".into(),
            "2:14: this is not a URL",
            "\"news.example.org\"",
            "begin with https://",
        ),
        (
            "a duration in words",
            "[store]\nretention = \"one year\"\n".into(),
            "2:13: `one year` is not a duration",
            "\"one year\"",
            "\"1h30m\"",
        ),
        (
            "no time at all",
            "[polling]\ntimeout = \"0s\"\n".into(),
            "2:11: `0s` is too short",
            "\"0s\"",
            "the shortest is 1s",
        ),
        ("a size without a unit", "[store]\ncache = \"64\"\n".into(), "2:9: `64` is not a size", "\"64\"", "\"64MiB\""),
        (
            "a path with a tilde",
            "[store]\npath = \"~/news\"\n".into(),
            "2:8: `~` is not followed",
            "\"~/news\"",
            "in full",
        ),
        (
            "an article policy that is none",
            source("article = \"fetched\"\n"),
            "3:11: `fetched` is nothing that can be done about articles",
            "\"fetched\"",
            "did you mean \"fetch\"?",
        ),
        (
            "a word about deleted entries that is none",
            source("deleted = \"delete\"\n"),
            "3:11: `delete` is nothing that can be done about deleted entries",
            "\"delete\"",
            "write \"keep\" or \"remove\"",
        ),
        (
            "a word about deleted entries that is none, for all sources",
            "[polling]\ndeleted = \"\"\n".into(),
            "2:11: `` is nothing that can be done about deleted entries",
            "\"\"",
            "write \"keep\" or \"remove\"",
        ),
        (
            "a schedule with a wrong hour",
            "[polling]\nschedule = \"0 25 * * *\"\n".into(),
            "2:15: `25` cannot stand in the hour field",
            "2",
            "from 0 to 23",
        ),
        (
            "a schedule of four fields, in a literal string",
            "[polling]\nschedule = '* * * *'\n".into(),
            "2:13: 4 of the five fields",
            "*",
            "minute, hour",
        ),
        (
            "a city for a zone",
            "[polling]\ntimezone = \"paris\"\n".into(),
            "2:12: `paris` is not a time zone",
            "\"paris\"",
            "did you mean `Europe/Paris`?",
        ),
        (
            "a misspelt zone",
            "[polling]\ntimezone = \"Europe/Pariss\"\n".into(),
            "2:12: `Europe/Pariss` is not",
            "\"Europe/Pariss\"",
            "`Europe/Paris`",
        ),
        (
            "an address for a network",
            "[polling]\nallow_networks = [\"10.0.0.1\"]\n".into(),
            "2:19: `10.0.0.1` is not a network",
            "\"10.0.0.1\"",
            "\"10.0.0.1/32\"",
        ),
        (
            "an address for a network of callbacks",
            "[server]\nhub_networks = [\"fd00::1\"]\n".into(),
            "2:17: `fd00::1` is not a network",
            "\"fd00::1\"",
            "\"fd00::1/128\"",
        ),
        (
            "a source without a URL",
            "[sources.a]\ntitle = \"A\"\n".into(),
            "1:1: the source has no `url`",
            "[sources.a]",
            "write `url = ",
        ),
        (
            "a source whose URL is misspelt",
            "[sources.a]\nulr = \"https://a.example/\"\n".into(),
            "2:1: unknown key `ulr` in [sources.a]",
            "ulr",
            "did you mean `url`?",
        ),
        (
            "a scheme we do not speak",
            "[sources.a]\nurl = \"ftp://a.example/\"\n".into(),
            "2:7: the scheme `ftp` cannot be used",
            "\"ftp://a.example/\"",
            "https://",
        ),
        (
            "a URL without a host",
            "[sources.a]\nurl = \"https://\"\n".into(),
            "2:7: this is not a URL",
            "\"https://\"",
            "empty host",
        ),
        (
            "a user in the URL",
            "[sources.a]\nurl = \"https://me:hunter2@a.example/\"\n".into(),
            "2:7: a user or a password in the URL",
            "\"https://**********@a.example/\"",
            "basic_auth",
        ),
        (
            "a fragment",
            "[sources.a]\nurl = \"https://a.example/#x\"\n".into(),
            "2:26: a fragment is never sent",
            "#",
            "leave out",
        ),
        (
            "an id in capitals",
            format!("[sources.Le_Monde]\n{FEED}"),
            "1:10: `Le_Monde` cannot be an id",
            "Le_Monde",
            "`le-monde`",
        ),
        ("an id in quotes", format!("[sources.\"a b\"]\n{FEED}"), "1:10: `a b` cannot be an id", "\"a b\"", "`a-b`"),
        (
            "two sources with one URL",
            format!("{}[sources.b]\nurl = \"https://EXAMPLE.org:443/feed\"\n", source("")),
            "4:7: [sources.a] has this URL already",
            "\"https://EXAMPLE.org:443/feed\"",
            "formerly",
        ),
        (
            "a language by its name",
            source("language = \"english\"\n"),
            "3:12: `english` is not a language",
            "\"english\"",
            "did you mean `en`?",
        ),
        (
            "a header that is ours",
            source("headers = { user-agent = \"Mozilla\" }\n"),
            "3:13: `user-agent` cannot be set",
            "user-agent",
            "`contact`",
        ),
        (
            "a header that is no token",
            source("headers = { \"a b\" = \"x\" }\n"),
            "3:13: this is not the name of a header field",
            "\"a b\"",
            "X-Api-Key",
        ),
        (
            "a header value over two lines",
            source("headers = { X-A = \"a\\nb\" }\n"),
            "3:19: a header field cannot hold this value",
            "\"****\"",
            "visible",
        ),
        (
            "two kinds of credentials",
            source("headers = { Authorization = \"x\" }\nbasic_auth = { username = \"u\", password = \"p\" }\n"),
            "3:13: both `Authorization` and `basic_auth`",
            "Authorization",
            "one of the two",
        ),
        (
            "a user without a password",
            source("basic_auth = { username = \"u\" }\n"),
            "3:14: `basic_auth` has no `password_file`",
            "{ username = \"u\" }",
            "password_file",
        ),
        (
            "a password without a user",
            source("basic_auth = { password = \"hunter2\" }\n"),
            "3:14: `basic_auth` has no `username`",
            "{ password = \"*******\" }",
            "username",
        ),
        (
            "a password file that is not there",
            source("basic_auth = { username = \"u\", password_file = \"none\" }\n"),
            "3:48: /etc/newsdesk/none cannot be read: no such file",
            "\"none\"",
            "read it",
        ),
        (
            "a password file that is empty",
            source("basic_auth = { username = \"u\", password_file = \"empty\" }\n"),
            "3:48: the password file is empty",
            "\"empty\"",
            "write",
        ),
        (
            "a password in a string",
            source("basic_auth = \"u:hunter2\"\n"),
            "3:14: `sources.a.basic_auth` must be a table, not a string",
            "\"*********\"",
            "[sources.a.basic_auth]",
        ),
        (
            "a former id that is in use",
            format!("{}[sources.b]\nurl = \"https://b.example/\"\nformerly = [\"a\"]\n", source("")),
            "5:13: `a` is still the id of a source",
            "\"a\"",
            "one place",
        ),
        (
            "a former id that is claimed twice",
            format!(
                "{}[sources.b]\nurl = \"https://b.example/\"\nformerly = [\"x\"]\n",
                source("formerly = [\"x\"]\n")
            ),
            "6:13: `a` was formerly `x` already",
            "\"x\"",
            "one place",
        ),
        (
            "a former id that is the own one",
            source("formerly = [\"a\"]\n"),
            "3:13: `a` is still the id of a source",
            "\"a\"",
            "one place",
        ),
        (
            "a topic's former id that is no id",
            "[topics.t]\nterms.any = [\"x\"]\nformerly = [\"T 1\"]\n".into(),
            "3:13: `T 1` cannot be an id",
            "\"T 1\"",
            "`t-1`",
        ),
        (
            "a topic without terms",
            "[topics.t]\ntitle = \"T\"\n".into(),
            "1:1: the topic `t` has no terms and no examples",
            "[topics.t]",
            "terms.any",
        ),
        (
            "a topic with an empty list",
            "[topics.t]\nterms.fr = []\n".into(),
            "1:1: the topic `t` has no terms and no examples",
            "[topics.t]",
            "terms.any",
        ),
        (
            "examples that are not there",
            "[topics.t]\nexamples = { like = \"x.jsonl\" }\n".into(),
            "2:21: /etc/newsdesk/x.jsonl cannot be read: no such file",
            "\"x.jsonl\"",
            "begins in the folder of this file",
        ),
        (
            "an empty file of examples",
            "[topics.t]\nexamples = { like = \"empty\" }\n".into(),
            "2:21: empty: there is no example in it",
            "\"empty\"",
            "write 5 texts at least",
        ),
        (
            "examples without texts that belong",
            "[topics.t]\nterms.any = [\"x\"]\nexamples = { weight = 0.4 }\n".into(),
            "3:12: the examples of the topic `t` have no `like`",
            "{ weight = 0.4 }",
            "write `like = \"FILE.jsonl\"`",
        ),
        (
            "examples with too much of a say",
            "[topics.t]\nterms.any = [\"x\"]\nexamples = { like = \"space.like.jsonl\", weight = 1 }\n".into(),
            "3:50: `topics.t.examples.weight` is out of range",
            "1",
            "it goes from 0.1 to 0.9",
        ),
        (
            "an empty term",
            "[topics.t]\nterms.any = [\"x\", \" \"]\n".into(),
            "2:19: the term is empty",
            "\" \"",
            "remove",
        ),
        (
            "terms in a language that is not tagged",
            "[topics.t]\nterms.pt = [\"x\"]\n".into(),
            "2:7: `pt` is not one of the languages of [tagging]",
            "pt",
            "`any`, `en`, `fr`, `de`, `es`, `it`",
        ),
        (
            "a threshold everything reaches",
            "[topics.t]\nterms.any = [\"x\"]\nthreshold = 0\n".into(),
            "3:13: every entry would reach this threshold",
            "0",
            "above 0",
        ),
        (
            "a language that is listed twice",
            "[tagging]\nlanguages = [\"en\", \"EN\"]\n".into(),
            "2:20: `en` is listed twice",
            "\"EN\"",
            "remove",
        ),
    ];
    for (sentence, text, message, marked, hint) in table {
        let found = report(&text);
        let [(found_message, found_marked, found_hint)] = found.as_slice() else {
            panic!("{sentence}: not one problem but {found:#?}");
        };
        assert!(found_message.starts_with(message), "{sentence}: {found_message}");
        assert!(marked.is_empty() || found_marked == marked, "{sentence}: marked {found_marked:?}");
        assert!(found_hint.contains(hint), "{sentence}: hint {found_hint:?}");
    }
}

#[test]
fn the_whole_report() {
    let text = "\
[polling]
\tscedule = 5     # a tab before it
timeout = \"5 minutes\"

[sources.exa]
url = \"https://me:hunter2@example.org/feed\"
basic_auth = { user = \"me\", pasword = \"hunter2\" }
headers = { X-Key = 5, \"Bad name\" = \"hunter2\" }
[sources.exa]
url = \"https://other.example/\"
";
    let problems = read(text).unwrap_err().to_string();
    let wanted = "\
n.toml:2:2: unknown key `scedule` in [polling]
  |
2 | \tscedule = 5     # a tab before it
  | \t^^^^^^^
  hint: did you mean `schedule`?

n.toml:3:11: `5 minutes` is not a duration
  |
3 | timeout = \"5 minutes\"
  |           ^^^^^^^^^^^
  hint: write a number and a unit (d, h, m, s, ms), as in \"30s\", \"12h\" or \"1h30m\"

n.toml:6:7: a user or a password in the URL
  |
6 | url = \"https://**********@example.org/feed\"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: write `basic_auth = { username = \"…\", password_file = \"…\" }` instead

n.toml:7:16: unknown key `user` in [sources.exa.basic_auth]
  |
7 | basic_auth = { user = \"**\", pasword = \"*******\" }
  |                ^^^^
  hint: did you mean `username`?

n.toml:7:29: unknown key `pasword` in [sources.exa.basic_auth]
  |
7 | basic_auth = { user = \"**\", pasword = \"*******\" }
  |                             ^^^^^^^
  hint: did you mean `password`?

n.toml:8:21: `sources.exa.headers.X-Key` must be a string, not a whole number
  |
8 | headers = { X-Key = *, \"Bad name\" = \"*******\" }
  |                     ^
  hint: put it in quotes

n.toml:8:24: this is not the name of a header field
  |
8 | headers = { X-Key = *, \"Bad name\" = \"*******\" }
  |                        ^^^^^^^^^^
  hint: write it as in \"X-Api-Key\"

n.toml:9:10: `exa` is set twice
  |
9 | [sources.exa]
  |          ^^^
  hint: the first is on line 5; keep one of the two, or rename one

8 problems in n.toml";
    assert_eq!(problems, wanted);
}

/// SEC-3: a line that is not even TOML may hold a password all the same.
#[test]
fn no_report_shows_a_secret() {
    for text in [
        "[sources.a]\nbasic_auth = { username = \"u\", password = hunter2 }\n",
        "[sources.a.basic_auth]\npassword = hunter2\n",
        "[sources.a.basic_auth]\nusername = \"u\"\npw hunter2\n",
        "[sources.a.headers]\nX-Any = hunter2\n",
        "[sources.a]\nheaders = { X-Any = \"hunter2 }\n",
        "[sources.a]\nbasic-auth = { username = \"u\", password = \"hunter2\" }\n",
        "[sources.a]\npassword = \"hunter2\"\n",
        "[sources.a]\npassword = \"\"\"\nhunter2\"\"\"\nurl = 5\n",
        "[sources.a]\nheaders = [\"X-Any: hunter2\"]\n",
        "[sources.a]\nurl = \"https://hunter2@example.org\"\n",
        "[sources.a]\nurl = \"https://u:hunter2@exa mple.org\"\n",
    ] {
        let problems = read(text).expect_err(text).to_string();
        assert!(!problems.contains("hunter2"), "{text}\n{problems}");
    }
    let (config, _) = read(
        "[sources.a]\nurl = \"https://example.org/\"\nheaders = { X-Any = \"hunter2\" }\n\
         basic_auth = { username = \"u\", password = \"hunter2\" }\n",
    )
    .unwrap();
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
}

#[test]
fn a_file_that_is_not_utf_8() {
    let surroundings = check::Surroundings {
        folder: "/".into(),
        state_directory: None,
        read: &|_| Ok(String::new()),
        list: &|_, _| Ok(Vec::new()),
    };
    let problems = check::check("n.toml".as_ref(), b"[server]\n# caf\xe9\n", &surroundings).unwrap_err().to_string();
    assert!(problems.starts_with("n.toml:2:6: the file is not in UTF-8 here"), "{problems}");
}

#[test]
fn a_file_that_is_not_there() {
    let problems = load_in("none/n.toml".as_ref(), &Default::default()).unwrap_err().to_string();
    assert!(problems.starts_with("none/n.toml: cannot be read: No such file"), "{problems}");
    assert!(problems.contains("--config"), "{problems}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = read(&text).map_err(|problems| problems.to_string());
    }

    /// The shipped file with a piece taken out and another put in.
    #[test]
    fn no_damage_panics(start in 0_usize..20_000, length in 0_usize..40, piece in "[\\[\\]\"'={},.\\\\a-zé0-9\n #-]{0,12}") {
        let shipped = include_str!("../../../config/newsdesk.toml");
        let start = (start.min(shipped.len())..).find(|at| shipped.is_char_boundary(*at)).unwrap();
        let end = ((start + length).min(shipped.len())..).find(|at| shipped.is_char_boundary(*at)).unwrap();
        let text = format!("{}{piece}{}", &shipped[..start], &shipped[end..]);
        if let Err(problems) = read(&text) {
            prop_assert!(!problems.problems.is_empty(), "refused without a reason");
            let _ = problems.to_string();
        }
    }
}

#[test]
fn every_mistake_in_examples_is_told_with_its_line() {
    let text = "[topics.t]\nexamples = { like = \"space.like.jsonl\", unlike = \"bad.jsonl\" }\n\
                [topics.u]\nexamples = { like = \"space.like.jsonl\", unlike = \"space.like.jsonl\" }\n";
    let told: Vec<String> = report(text).into_iter().map(|(message, _, _)| message).collect();
    let expected = [
        "2:50: bad.jsonl:6: this is no JSON object with title and text: invalid type: integer `1`, expected a string (column 11)",
        "2:50: bad.jsonl:7: there is no text",
        "4:50: space.like.jsonl:1: this text is in space.like.jsonl:1 as well",
        "4:50: space.like.jsonl:2: this text is in space.like.jsonl:2 as well",
        "4:50: space.like.jsonl:3: this text is in space.like.jsonl:3 as well",
        "4:50: space.like.jsonl:4: this text is in space.like.jsonl:4 as well",
        "4:50: space.like.jsonl:5: this text is in space.like.jsonl:5 as well",
    ];
    assert_eq!(told, expected);
}
