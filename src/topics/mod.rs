//! Topics: the rule language, the compiled matcher, scoring and explanation.

mod settings;
mod term;

pub use settings::{FieldWeights, TaggingSettings, TopicSettings};
pub use term::{TermError, check_term};
