use super::{markup::check_fragment, parse::base, strict::check_markup};

/// What comes out of the sanitiser runs nothing, leads nowhere odd, and stays as it is when sanitised again.
pub fn sanitize(bytes: &[u8]) {
    let fragment = String::from_utf8_lossy(bytes);
    let once = newsdesk::normalize::sanitize(&fragment, &base());
    check_markup(&once).unwrap_or_else(|wrong| panic!("{wrong}\nin  {fragment:?}\nout {once:?}"));
    check_fragment(&once).unwrap_or_else(|wrong| panic!("{wrong}\nin  {fragment:?}\nout {once:?}"));
    let twice = newsdesk::normalize::sanitize(&once, &base());
    assert_eq!(once, twice, "sanitised again it is something else\nin  {fragment:?}");
    newsdesk::normalize::to_text(&once);
}
