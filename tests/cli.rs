//! The command line as an admin meets it: what it prints, and how it exits.

mod support;

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::Value;
use support::{Publisher, Resource};

fn newsdesk(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    command.args(arguments).env_remove("NEWSDESK_CONFIG").env_remove("STATE_DIRECTORY").env_remove("NEWSDESK_LOG");
    command.timeout(std::time::Duration::from_secs(30));
    command
}

struct Output {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Output { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn write(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("newsdesk.toml");
    fs::write(&path, text).expect("written");
    path
}

fn config(folder: &Path, rest: &str) -> PathBuf {
    let head = "store.path = \"store\"\npolling.allow_networks = [\"127.0.0.0/8\"]\npolling.host_gap = \"0s\"\n";
    write(folder, &format!("{head}{rest}"))
}

fn with_config(arguments: &[&str], config: &Path) -> Command {
    let mut command = newsdesk(arguments);
    command.arg("--config").arg(config);
    command
}

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title>\
    <item><guid isPermaLink=\"false\">1</guid><link>https://g.example/ai?utm_source=x</link><title>AI for all</title>\
    <description>What AI is good for.</description></item></channel></rss>";

const AI: &str = "[topics.ai]\ntitle = \"AI\"\nthreshold = 3.0\nterms.any = [\"=AI^2\"]\nterms.fr = [\"=IA^2\"]\n";

#[test]
fn stories_are_grouped_without_a_configuration_unless_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let entries = "{\"id\":\"1\",\"title\":\"Rain over the harbour\"}\n";
    let group = |mut command: Command| run(command.current_dir(folder.path()).write_stdin(entries));
    let grouped = group(newsdesk(&["stories", "group"]));
    assert_eq!((grouped.code, grouped.out.lines().count()), (Some(0), 1), "{}", grouped.err);
    let missing = group(newsdesk(&["stories", "group", "--config", "none.toml"]));
    assert_eq!(missing.code, Some(2), "{}", missing.err);
    assert!(missing.err.contains("none.toml: cannot be read"), "{}", missing.err);
}

#[test]
fn a_right_configuration_passes_and_a_wrong_one_is_exit_code_2_with_every_mistake() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = config(folder.path(), &format!("[sources.a]\nurl = \"https://a.example/feed\"\n{AI}"));
    let passed = run(&mut with_config(&["check"], &good));
    assert_eq!(passed.code, Some(0), "{}", passed.err);
    assert!(passed.out.contains("1 sources, 1 topics") && passed.out.contains("next ticks"), "{}", passed.out);

    let bad = config(folder.path(), "[sources.a]\nurl = \"nowhere\"\nshedule = \"@hourly\"\n[topics.ai]\ntitle = 3\n");
    let failed = run(&mut with_config(&["check"], &bad));
    assert_eq!(failed.code, Some(2));
    for expected in ["newsdesk.toml:5:", "nowhere", "newsdesk.toml:6:", "did you mean `schedule`?", "newsdesk.toml:8:"]
    {
        assert!(failed.err.contains(expected), "{expected} is missing in\n{}", failed.err);
    }
    let unreachable = write(folder.path(), "[topics.ai]\nthreshold = 900.0\nterms.any = [\"=AI\"]\n");
    let failed = run(&mut with_config(&["check"], &unreachable));
    assert!(failed.code == Some(2) && failed.err.contains("no text can reach the threshold 900"), "{}", failed.err);
    let empty = run(&mut with_config(&["run"], &write(folder.path(), "[topics]\n")));
    assert!(empty.code == Some(2) && empty.err.contains("add one under [sources]"), "{}", empty.err);
    let absent = run(&mut with_config(&["check"], Path::new("/nonexistent/newsdesk.toml")));
    assert_eq!(absent.code, Some(2), "{}", absent.err);
    assert!(absent.err.contains("/nonexistent/newsdesk.toml"), "{}", absent.err);
    assert_eq!(run(&mut newsdesk(&["frobnicate"])).code, Some(2), "a wrong command line too");
}

#[test]
fn a_poll_says_for_each_source_how_it_went() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED).etag("\"1\""));
    publisher.serve("/missing", Resource::status(404));
    let sources = format!(
        "[sources.good]\nurl = \"{}\"\n[sources.bad]\nurl = \"{}\"\n",
        publisher.url("/feed"),
        publisher.url("/missing")
    );
    let path = config(folder.path(), &(sources + AI));
    let first = run(&mut with_config(&["poll", "--json"], &path));
    assert_eq!(first.code, Some(1), "a part failed: {}", first.err);
    let mut lines: Vec<Value> = first.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    lines.sort_by_key(|line| line["source"].to_string());
    let keys = ["source", "outcome", "status", "entries", "new", "revised", "duplicates", "deleted", "error"];
    assert!(
        lines.iter().all(|line| line.as_object().expect("an object").keys().all(|key| keys.contains(&key.as_str())))
    );
    assert_eq!(lines[0]["outcome"], "failed");
    assert_eq!(lines[0]["status"], 404);
    assert!(lines[0]["error"].as_str().expect("an error").contains("404"));
    assert_eq!((&lines[1]["outcome"], &lines[1]["status"], &lines[1]["new"]), (&"read".into(), &200.into(), &1.into()));

    let again = run(&mut with_config(&["poll", "good", "--json"], &path));
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.out.contains("\"outcome\":\"unchanged\",\"status\":304"), "{}", again.out);

    let shown = run(&mut with_config(&["poll"], &path));
    assert_eq!(shown.code, Some(1));
    for expected in ["1 of 2 sources answered", "1 failed:", "bad", "404"] {
        assert!(shown.out.contains(expected), "{expected} is missing in\n{}", shown.out);
    }
    let unknown = run(&mut with_config(&["poll", "ugly"], &path));
    assert!(unknown.code == Some(2) && unknown.err.contains("no source ugly"), "{}", unknown.err);

    let explained = run(&mut with_config(&["explain", "https://www.g.example/ai?utm_source=other"], &path));
    assert_eq!(explained.code, Some(0), "{}", explained.err);
    for expected in ["shown: good", "entry 1 of good: AI for all", "topic ai", "=AI^2", "tagged"] {
        assert!(explained.out.contains(expected), "{expected} is missing in\n{}", explained.out);
    }
}

#[test]
fn tags_and_explanations_agree() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), AI);
    let text = "AI for all\nWhat is AI good for? A long line about AI, written so that there is a text to read here.";
    let line = serde_json::json!({"id": 7, "lang": "en", "title": "AI for all", "text": text}).to_string();
    let tagged = run(with_config(&["tag"], &path).write_stdin(line + "\nnot JSON\n"));
    assert_eq!(tagged.code, Some(1), "the second line is told, and the exit code says so");
    assert!(tagged.err.contains("line 2"), "{}", tagged.err);
    let answer: Value = serde_json::from_str(tagged.out.trim()).expect("JSON");
    assert_eq!((&answer["id"], &answer["labels"]), (&7.into(), &serde_json::json!(["ai"])));

    let file = folder.path().join("article.txt");
    fs::write(&file, text).expect("written");
    let explained = run(with_config(&["explain", "--language", "en"], &path).arg(&file));
    assert_eq!(explained.code, Some(0), "{}", explained.err);
    let score = answer["scores"]["ai"].as_f64().expect("a score");
    assert!(explained.out.contains(&format!("topic ai  {score} of 3 points: tagged")), "{score}\n{}", explained.out);
    assert!(explained.out.contains("\n  =AI^2 "), "the weight once: {}", explained.out);
}

#[test]
fn an_explanation_as_json_adds_up() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("topics")).expect("made");
    let ai = "[topics.ai]\nterms.any = [\"=AI^1.5\", \"model^0.3\", \"Mistral^2\"]\nshield.any = [\"vent de mistral\"]\n\
              implies = [\"technology\"]\ncategory = [\"Tech\"]\n[topics.technology]\n";
    fs::write(folder.path().join("topics/ai.toml"), ai).expect("written");
    let path = write(
        folder.path(),
        "include = [\"topics/*.toml\"]\n[sources.g]\nurl = \"https://g.example/feed\"\n[store]\npath = \"s\"\n",
    );
    let checked = run(&mut with_config(&["check"], &path));
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(
        checked
            .out
            .contains("topic ai: 3 terms; one hit is enough for 2 in the title, 1 of them in the lead, 0 anywhere"),
        "{}",
        checked.out
    );

    let file = folder.path().join("article.txt");
    fs::write(&file, "AI in the vent de mistral\nA model and another model of AI.\n").expect("written");
    let explain = |more: &[&str]| {
        let mut command = with_config(&["explain", "--language", "en", "--source", "g"], &path);
        run(command.args(more).arg(&file))
    };
    let told: Value = serde_json::from_str(&explain(&["--json"]).out).expect("JSON");
    let entry = &told["entries"][0];
    assert_eq!((&entry["language"]["tag"], &entry["language"]["why"]), (&"en".into(), &"declared by the entry".into()));
    let topics = entry["topics"].as_array().expect("a list");
    assert_eq!(
        topics.iter().map(|topic| topic["topic"].as_str().expect("an id")).collect::<Vec<_>>(),
        ["ai", "technology"]
    );
    for topic in topics {
        let thousandths = |value: &Value| (value.as_f64().expect("points") * 1000.0).round() as i64;
        let terms = topic["terms"].as_array().expect("a list").iter().map(|term| thousandths(&term["points"]));
        let brought = topic.get("brought_by").map(|by| thousandths(&by["points"]));
        assert_eq!(thousandths(&topic["score"]), terms.chain(brought).sum::<i64>(), "{topic}");
        assert_eq!(topic["verdict"], "tagged");
    }
    assert_eq!(topics[0]["shielded"][0]["shield"], "vent de mistral");
    let text = explain(&["--topic", "technology"]).out;
    assert!(text.contains("topic technology  4 of 4 points: tagged\n  brought along by ai"), "{text}");
    let unknown = run(with_config(&["explain", "--source", "x"], &path).arg(&file));
    assert!(unknown.code == Some(2) && unknown.err.contains("there is no source x"), "{}", unknown.err);
}

#[test]
fn a_store_or_an_address_in_use_is_said_plainly() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let listen = format!("server.listen = \"{}\"\n", taken.local_addr().expect("an address"));
    let path = config(folder.path(), &format!("{listen}[sources.a]\nurl = \"http://127.0.0.1:9/feed\"\n"));
    let output = run(&mut with_config(&["run"], &path));
    assert_eq!(output.code, Some(4), "{}", output.err);
    assert!(output.err.contains("cannot listen on") && output.err.contains("[server] listen"), "{}", output.err);

    let settings = newsdesk::store::StoreSettings::new(folder.path().join("store"));
    let store = newsdesk::store::Store::open(&settings).map_err(|e| e.to_string()).expect("opened");
    let output = run(&mut with_config(&["poll"], &path));
    assert_eq!(output.code, Some(3), "{}", output.err);
    assert!(output.err.contains("in use by another newsdesk"), "{}", output.err);
    drop(store);
}

#[test]
fn the_schema_is_json_and_knows_every_table() {
    let output = run(&mut newsdesk(&["config", "schema"]));
    let schema: Value = serde_json::from_str(&output.out).expect("JSON");
    for table in ["server", "store", "polling", "publish", "sources", "tagging", "topics"] {
        assert!(schema["properties"].get(table).is_some(), "{table}");
    }
}

/// README cannot go stale: its commands are those of the program, its configuration is right.
#[test]
fn readme_tells_the_truth() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let ci = fs::read_to_string(root.join(".ci/run")).expect(".ci/run");
    for command in ["cargo run --release", "cargo test"] {
        assert!(readme.contains(&format!("    {command}")), "{command}");
    }
    assert!(ci.lines().any(|line| line.ends_with(" cargo test")), ".ci/run calls the test command that README gives");

    let help = run(&mut newsdesk(&["--help"])).out;
    let listed = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("commands");
    let commands = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    for command in commands.filter(|command| *command != "help") {
        assert!(readme.contains(&format!("`newsdesk {command}")), "README does not name {command}");
    }
    for option in ["--config", "0 done, 1 a part failed, 2 the configuration or the command line is wrong"] {
        assert!(help.contains(option), "{option} is missing in\n{help}");
    }

    let example = readme.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let folder = tempfile::tempdir().expect("a folder");
    let checked = run(&mut with_config(&["check"], &write(folder.path(), example)));
    assert_eq!(checked.code, Some(0), "{}", checked.err);

    let shipped = run(&mut with_config(&["check"], &root.join("config/newsdesk.toml")));
    assert_eq!(shipped.code, Some(0), "{}", shipped.err);
    for linked in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(
            linked.starts_with("http") || root.join(linked).exists(),
            "README links to {linked}, which is not there"
        );
    }
}
