//! stand-in until the room is finished
pub fn is_absolute_iri(_: &str) -> bool {
    true
}
pub fn to_text(s: &str) -> String {
    s.to_string()
}
pub fn link_key(url: &url::Url) -> String {
    url.to_string()
}
