use std::io::{self, BufRead, Write};

use url::Url;

use super::exit::Exit;
use crate::normalize::{clean_link, link_key, unwrap_proxied};

/// Reads one URL a line and prints the link that readers are given and the key that links are compared by, tab-separated.
pub(super) fn canonical() -> anyhow::Result<Exit> {
    canonical_lines(io::stdin().lock(), io::BufWriter::new(io::stdout().lock()))
}

fn canonical_lines(mut input: impl BufRead, mut output: impl Write) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        // What is no URL stands for itself, so that lines in and lines out keep step.
        let (link, key) = match Url::parse(line) {
            Ok(url) => {
                let link = clean_link(&unwrap_proxied(url), &[]);
                let key = link_key(&link);
                (String::from(link), key)
            }
            Err(error) => {
                eprintln!("newsdesk: line {number}: no URL: {error}");
                exit = Exit::PartFailed;
                (line.to_owned(), line.to_owned())
            }
        };
        writeln!(output, "{}\t{}", link.replace('\t', "%09"), key.replace('\t', "%09"))?;
    }
    output.flush()?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_link_and_key_a_line() {
        let input = "https://www.Example.org/a/?b=2&utm_source=rss&a=1#top\n\nno url\nmailto:a@example.org\n";
        let mut output = Vec::new();
        assert_eq!(canonical_lines(input.as_bytes(), &mut output).expect("done"), Exit::PartFailed);
        assert_eq!(
            String::from_utf8(output).expect("UTF-8"),
            "https://www.example.org/a/?b=2&a=1#top\texample.org/a?a=1&b=2\nno url\tno url\n\
             mailto:a@example.org\tmailto:a@example.org\n"
        );
    }
}
