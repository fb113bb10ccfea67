//! The style sheet, as far as a computer can judge it.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("style.css");

/// The custom properties that are colours, in light and in dark.
fn colours() -> BTreeMap<&'static str, [(u8, u8, u8); 2]> {
    let mut colours = BTreeMap::new();
    for line in STYLE.lines() {
        let Some((name, value)) = line.trim().strip_prefix("--").and_then(|line| line.split_once(": light-dark("))
        else {
            continue;
        };
        let (light, dark) = value.trim_end_matches(");").split_once(", ").expect("two colours");
        colours.insert(name, [light, dark].map(rgb));
    }
    colours
}

fn rgb(hex: &str) -> (u8, u8, u8) {
    let digits = hex.strip_prefix('#').filter(|digits| digits.len() == 6).expect("six digits");
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (part(0), part(2), part(4))
}

/// WCAG 2.2, "relative luminance".
fn luminance((red, green, blue): (u8, u8, u8)) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// WCAG 2.2, "contrast ratio".
fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_stands_out_from_its_ground() {
    assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
    assert!((contrast((0x76, 0x76, 0x76), (255, 255, 255)) - 4.54).abs() < 0.01, "the grey that everybody knows");
    let colours = colours();
    // Text 4.5 (1.4.3 at level AA), what only draws 3 (1.4.11); lines that part nothing but air are free.
    for (name, ground, least) in [
        ("ink", "paper", 7.0),
        ("ink", "shade", 7.0),
        ("quiet", "paper", 4.5),
        ("quiet", "shade", 4.5),
        ("link", "paper", 4.5),
        ("link", "shade", 4.5),
        ("rule", "paper", 3.0),
    ] {
        for (nth, scheme) in ["light", "dark"].iter().enumerate() {
            let ratio = contrast(colours[name][nth], colours[ground][nth]);
            assert!(ratio >= least, "{name} on {ground}, {scheme}: {ratio:.2}, not {least}");
        }
    }
    // A link amid text is told from it by its underline; what is not underlined bears the colour of the text.
    assert_eq!(colours.len(), 7);
}

#[test]
fn it_is_small_and_loads_nothing() {
    assert!(STYLE.len() <= 10_240, "{} bytes", STYLE.len());
    for word in ["url(", "@import", "@font-face", "!important", "expression"] {
        assert!(!STYLE.contains(word), "{word}");
    }
    assert_eq!(STYLE.matches('{').count(), STYLE.matches('}').count());
    let literal = STYLE.lines().filter(|line| line.contains('#') && !line.trim_start().starts_with("--"));
    assert_eq!(literal.count(), 0, "colours are in the custom properties alone, where their contrast is checked");
}

#[test]
fn every_class_of_a_page_has_a_style() {
    for (name, page) in super::tests::pages() {
        let page = String::from_utf8(page).expect("UTF-8");
        for classes in page.split(" class=\"").skip(1) {
            for class in classes.split('"').next().expect("a value").split(' ').filter(|class| *class != "dot") {
                assert!(STYLE.contains(&format!(".{class}")), "{name}: nothing is said of .{class}");
            }
        }
    }
}
