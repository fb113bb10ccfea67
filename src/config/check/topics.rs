use std::collections::{BTreeMap, HashSet};

use super::{Check, Surroundings, number};
use crate::{
    config::{
        TopicPage,
        file::{At, File, Tagging, Topic},
        quantity,
        shape::list,
    },
    model::TopicId,
    topics::{TaggingSettings, TopicSettings, check_term},
};

impl Check<'_> {
    pub(super) fn tagging(&mut self, tagging: Option<&Tagging>) -> TaggingSettings {
        let mut settings = TaggingSettings::default();
        let Some(tagging) = tagging else { return settings };
        if let Some(languages) = &tagging.languages {
            settings.languages.clear();
            for language in languages {
                let Some(code) = self.read(&language.span(), quantity::primary_language(language)) else { continue };
                if settings.languages.contains(&code) {
                    self.problem(&language.span(), format!("`{code}` is listed twice"), "remove one of the two");
                } else {
                    settings.languages.push(code);
                }
            }
        }
        if let Some(weight) = &tagging.field_weight {
            let value = |value: &Option<At<f64>>, default: f64| value.as_deref().copied().unwrap_or(default);
            let usual = settings.field_weight;
            settings.field_weight.title = value(&weight.title, usual.title);
            settings.field_weight.lead = value(&weight.lead, usual.lead);
            settings.field_weight.body = value(&weight.body, usual.body);
            settings.field_weight.category = value(&weight.category, usual.category);
        }
        settings.lead_words = number(&tagging.lead_words).unwrap_or(settings.lead_words);
        settings.anchor_words = number(&tagging.anchor_words).unwrap_or(settings.anchor_words);
        settings
    }

    /// The topics in the order of the file, their pages, and their former ids.
    pub(super) fn topics(
        &mut self,
        file: &File,
        tagging: &TaggingSettings,
        surroundings: &Surroundings<'_>,
    ) -> (Vec<TopicSettings>, BTreeMap<TopicId, TopicPage>, BTreeMap<TopicId, TopicId>) {
        let mut in_order: Vec<_> = file.topics.iter().collect();
        in_order.sort_by_key(|(id, _)| id.span().start);
        let mut topics = Vec::with_capacity(in_order.len());
        let mut pages = BTreeMap::new();
        for (id, topic) in &in_order {
            self.read(&id.span(), quantity::check_id(id));
            let language = topic.language.as_ref().and_then(|tag| self.read(&tag.span(), quantity::language_tag(tag)));
            let settings = self.topic(id, topic, tagging, surroundings);
            pages.insert(settings.id.clone(), TopicPage { language });
            topics.push(settings);
        }
        let ids = in_order.iter().map(|(id, topic)| (*id, topic.formerly.as_deref())).collect::<Vec<_>>();
        let former = self.formerly(&ids, "topic");
        let former = former.into_iter().map(|(old, new)| (TopicId::new(old), TopicId::new(new))).collect();
        (topics, pages, former)
    }

    fn topic(
        &mut self,
        id: &At<String>,
        topic: &At<Topic>,
        tagging: &TaggingSettings,
        surroundings: &Surroundings<'_>,
    ) -> TopicSettings {
        let threshold = topic.threshold.as_deref().copied().unwrap_or(4.0);
        if threshold <= 0.0
            && let Some(written) = &topic.threshold
        {
            self.problem(
                &written.span(),
                "every entry would reach this threshold",
                "write a number above 0, as in 4.0",
            );
        }
        let mut terms = BTreeMap::new();
        for (language, written) in &topic.terms {
            let known = language.as_str() == "any" || tagging.languages.iter().any(|known| known == language.as_str());
            if !known {
                let mut languages = vec!["any"];
                languages.extend(tagging.languages.iter().map(String::as_str));
                let message = format!("`{}` is not one of the languages of [tagging]", language.as_str());
                self.problem(&language.span(), message, format!("use one of {}, or add it there", list(&languages)));
            }
            let mut seen = HashSet::new();
            for term in written {
                if term.trim().is_empty() {
                    self.problem(&term.span(), "the term is empty", "remove it");
                } else if !seen.insert(term.trim()) {
                    self.warning(
                        &term.span(),
                        "the term is in this list already",
                        "remove one of the two; it counts twice",
                    );
                } else if known && let Err(error) = check_term(term, language, &tagging.languages) {
                    self.problem_inside(&term.span(), error.offset, error.message, error.hint);
                }
            }
            terms.insert(language.to_string(), written.iter().map(|term| term.to_string()).collect::<Vec<_>>());
        }
        if terms.values().all(Vec::is_empty) && topic.examples.is_none() {
            self.missing(
                &format!("topics.{}", id.as_str()),
                &topic.span(),
                format!("the topic `{}` has no terms and no examples", id.as_str()),
                "write `terms.any = [\"telecom*\"]`, or `terms.en` for one language",
            );
        }
        let text = |text: &Option<At<String>>| {
            text.as_deref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        TopicSettings {
            id: TopicId::new(id.as_str()),
            title: text(&topic.title).unwrap_or_else(|| id.to_string()),
            description: text(&topic.description),
            threshold,
            terms,
            examples: topic.examples.as_ref().and_then(|examples| self.examples(id, examples, surroundings)),
        }
    }
}
