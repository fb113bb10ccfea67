//! Records to bytes and back: a version byte, then postcard.

use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

const VERSION: u8 = 1;

pub(super) fn encode<T: Serialize>(what: &'static str, record: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(record, vec![VERSION]).map_err(|error| StoreError::Record { what, cause: error.to_string() })
}

pub(super) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    let broken = |cause: String| StoreError::Record { what, cause };
    match bytes {
        [VERSION, body @ ..] => postcard::from_bytes(body).map_err(|error| broken(error.to_string())),
        [version, ..] => Err(broken(format!("version {version} is not known"))),
        [] => Err(broken("it is empty".into())),
    }
}
