//! A word's hash, the same for "Télécoms" and "telecoms".

use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use crate::text::fold;

/// Letters up to here have their folded lower-case form in [`LATIN`].
const LATIN_END: usize = 0x250;

/// What each Latin letter is written as in lower case without its diacritics.
static LATIN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folded = |number: u32| {
        let lower: String = char::from_u32(number).into_iter().flat_map(char::to_lowercase).collect();
        fold(&lower).into_owned()
    };
    (0..LATIN_END as u32).map(folded).collect()
});

/// Hashes words one after the other; holds nothing but room to work in.
#[derive(Default)]
pub(super) struct WordHasher {
    folded: String,
}

impl WordHasher {
    /// Lower case and without diacritics, then xxh3. It is stored, and so stays as it is.
    pub fn hash(&mut self, word: &str) -> u64 {
        xxh3_64(self.fold(word).as_bytes())
    }

    fn fold(&mut self, word: &str) -> &str {
        self.folded.clear();
        if word.is_ascii() {
            self.folded.push_str(word);
            self.folded.make_ascii_lowercase();
            return &self.folded;
        }
        for letter in word.chars() {
            match LATIN.get(letter as usize) {
                Some(latin) => self.folded.push_str(latin),
                None => {
                    let lower: String = letter.to_lowercase().collect();
                    self.folded.push_str(&fold(&lower));
                }
            }
        }
        &self.folded
    }
}

/// Several words' hashes as one.
pub(super) fn joined(words: &[u64]) -> u32 {
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    upper(xxh3_64(&bytes[..words.len().min(4) * 8]))
}

/// The 32 bits of a hash that are kept.
pub(super) fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_have_one_hash() {
        let mut hasher = WordHasher::default();
        for (one, other) in [
            ("Télécoms", "telecoms"),
            ("STRASSE", "straße"),
            ("Œuvre", "oeuvre"),
            ("ΟΔΥΣΣΕΎΣ", "οδυσσευσ"),
            ("ЁЖ", "еж"),
            ("Łódź", "lodz"),
        ] {
            assert_eq!(hasher.hash(one), hasher.hash(other), "{one} {other}");
        }
        assert_ne!(hasher.hash("cloud"), hasher.hash("clouds"));
        assert_ne!(joined(&[1, 2]), joined(&[2, 1]));
    }

    #[test]
    fn stored_hashes_stay_as_they_are() {
        let mut hasher = WordHasher::default();
        let words = ["Les", "opérateurs", "télécoms", "européens"].map(|word| hasher.hash(word));
        assert_eq!(words[0], xxh3_64(b"les"));
        assert_eq!(words[1], xxh3_64(b"operateurs"));
        assert_eq!(
            joined(&words),
            joined(&["les", "operateurs", "telecoms", "europeens"].map(|w| xxh3_64(w.as_bytes())))
        );
    }
}
