use std::collections::BTreeMap;

use super::{
    Check, Surroundings,
    include::IncludedFile,
    number,
    terms::{Judge, Kind},
    topics_together::Together,
};
use crate::{
    config::{
        PublishSettings, TopicPage,
        file::{At, File, OwnFieldWeight, Scope as WrittenScope, Tagging, Topic},
        quantity,
        shape::closest,
    },
    model::{ShownAs, SourceId, TopicId},
    topics::{FieldWeights, Scope, TaggingSettings, TopicSettings},
};

/// The topics of the file and of those it includes.
#[derive(Default)]
pub(super) struct CheckedTopics {
    /// How stories are shown where a topic has no word of its own.
    stories: ShownAs,
    /// Whether sources share fairly in a topic that does not say.
    fair: bool,
    /// In the order of the file, then of those it includes.
    pub settings: Vec<TopicSettings>,
    pub pages: BTreeMap<TopicId, TopicPage>,
    /// A topic's earlier id, and the one it has now.
    pub former: BTreeMap<TopicId, TopicId>,
}

/// Topics in the order of their file.
pub(super) fn in_order(topics: &BTreeMap<At<String>, At<Topic>>) -> Vec<(&At<String>, &At<Topic>)> {
    let mut in_order: Vec<_> = topics.iter().collect();
    in_order.sort_by_key(|(id, _)| id.span().start);
    in_order
}

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
            let usual = settings.field_weight;
            settings.field_weight = weights([&weight.title, &weight.lead, &weight.body, &weight.category], usual);
        }
        settings.lead_words = number(&tagging.lead_words).unwrap_or(settings.lead_words);
        settings.anchor_words = number(&tagging.anchor_words).unwrap_or(settings.anchor_words);
        settings
    }

    pub(super) fn topics(
        &mut self,
        file: &File,
        included: &mut [IncludedFile<'_>],
        tagging: &TaggingSettings,
        publish: &PublishSettings,
        surroundings: &Surroundings<'_>,
    ) -> CheckedTopics {
        let together = Together::new(file, included);
        let mut checked = CheckedTopics { stories: publish.stories, fair: publish.fair, ..CheckedTopics::default() };
        self.topics_of(in_order(&file.topics), tagging, &together, surroundings, &mut checked);
        for IncludedFile { check, content, folder } in included {
            if let Some(content) = content {
                let surroundings = surroundings.of_folder(folder);
                check.topics_of(in_order(&content.topics), tagging, &together, &surroundings, &mut checked);
            }
        }
        checked
    }

    fn topics_of(
        &mut self,
        topics: Vec<(&At<String>, &At<Topic>)>,
        tagging: &TaggingSettings,
        together: &Together,
        surroundings: &Surroundings<'_>,
        checked: &mut CheckedTopics,
    ) {
        let mut former = checked.former.iter().map(|(old, new)| (old.to_string(), new.to_string())).collect();
        for (id, topic) in topics {
            self.read(&id.span(), quantity::check_topic_id(id));
            if !self.is_first(id, together) {
                continue;
            }
            let language = topic.language.as_ref().and_then(|tag| self.read(&tag.span(), quantity::language_tag(tag)));
            let settings = self.topic(id, topic, tagging, together, surroundings);
            self.formerly_of(id, topic.formerly.as_deref(), &together.ids(), &mut former, "topic");
            self.judge_reach(id, topic, &settings, tagging, together);
            self.count_patterns(topic, &settings, together);
            let stories = topic.stories.as_ref().and_then(|text| self.read(&text.span(), quantity::shown_as(text)));
            let stories = stories.unwrap_or(checked.stories);
            let fair = topic.fair.as_deref().copied().unwrap_or(checked.fair);
            checked.pages.insert(settings.id.clone(), TopicPage { language, stories, fair });
            checked.settings.push(settings);
        }
        checked.former = former.into_iter().map(|(old, new)| (TopicId::new(old), TopicId::new(new))).collect();
    }

    fn topic(
        &mut self,
        id: &At<String>,
        topic: &At<Topic>,
        tagging: &TaggingSettings,
        together: &Together,
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
        let scope = topic.scope.as_deref().map(|scope| self.scope(scope, together)).unwrap_or_default();
        let in_scope = |language: &&String| scope.languages.is_empty() || scope.languages.contains(language);
        let judge = Judge { tagging, languages: tagging.languages.iter().filter(in_scope).cloned().collect() };
        let text = |text: &Option<At<String>>| {
            text.as_deref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let own = |weight: &OwnFieldWeight| {
            weights([&weight.title, &weight.lead, &weight.body, &weight.category], tagging.field_weight)
        };
        TopicSettings {
            id: TopicId::new(id.as_str()),
            title: text(&topic.title).unwrap_or_else(|| id.to_string()),
            description: text(&topic.description),
            threshold,
            terms: self.term_lists(&topic.terms, Kind::Weighted, &judge),
            minus: self.term_lists(&topic.minus, Kind::Weighted, &judge),
            shield: self.term_lists(&topic.shield, Kind::Unweighted("a shield"), &judge),
            not: self.term_lists(&topic.not, Kind::Unweighted("a veto"), &judge),
            require: self.groups(topic.require.as_deref().unwrap_or_default(), id, &judge),
            category: self.categories(topic.category.as_deref().unwrap_or_default()),
            implies: self.implied(id, topic, together),
            scope,
            field_weight: topic.field_weight.as_deref().map(own),
            anchor_words: number(&topic.anchor_words),
            examples: topic.examples.as_ref().and_then(|examples| self.examples(id, examples, surroundings)),
        }
    }

    fn scope(&mut self, written: &WrittenScope, together: &Together) -> Scope {
        let mut scope = Scope::default();
        for source in written.sources.iter().flatten() {
            let id: &str = source;
            if together.sources().any(|known| known == id) {
                scope.sources.push(SourceId::new(id));
            } else {
                let hint = match closest(id, together.sources()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "use the id of one of [sources]".to_owned(),
                };
                self.problem(&source.span(), format!("there is no source `{id}`"), hint);
            }
        }
        for language in written.languages.iter().flatten() {
            let read = self.read(&language.span(), quantity::primary_language(language));
            scope.languages.extend(read.map(|language| crate::text::primary_subtag(&language)));
        }
        for country in written.countries.iter().flatten() {
            scope.countries.extend(self.read(&country.span(), quantity::country(country)));
        }
        scope
    }
}

fn weights([title, lead, body, category]: [&Option<At<f64>>; 4], usual: FieldWeights) -> FieldWeights {
    let value = |value: &Option<At<f64>>, usual: f64| value.as_deref().copied().unwrap_or(usual);
    FieldWeights {
        title: value(title, usual.title),
        lead: value(lead, usual.lead),
        body: value(body, usual.body),
        category: value(category, usual.category),
    }
}
