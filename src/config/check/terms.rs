//! The lists of a topic: every term parsed, and every mistake told at its column.

use std::collections::HashSet;

use super::Check;
use crate::{
    config::{
        file::{At, TermTable},
        shape::list,
    },
    topics::{CategoryName, MOST_GROUPS, TaggingSettings, Term, TermError, TermLists},
};

/// What a list's terms are to be parsed as.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// They bring or take points.
    Weighted,
    /// They do not; a phrase that names one of them.
    Unweighted(&'static str),
}

/// What the terms of one topic are judged by.
pub(super) struct Judge<'a> {
    pub tagging: &'a TaggingSettings,
    /// The languages that `any` stands for: those of the topic's scope, or all.
    pub languages: Vec<String>,
}

impl Judge<'_> {
    fn parse(&self, term: &str, list: &str, kind: Kind) -> Result<Term, TermError> {
        match kind {
            Kind::Weighted => Term::parse(term, list, &self.languages),
            Kind::Unweighted(what) => Term::parse_unweighted(term, list, &self.languages, what),
        }
    }
}

impl Check<'_> {
    pub(super) fn term_lists(&mut self, table: &TermTable, kind: Kind, judge: &Judge<'_>) -> TermLists {
        let mut lists = TermLists::new();
        for (language, written) in table {
            let known = &judge.tagging.languages;
            if language.as_str() != TaggingSettings::ANY && !known.iter().any(|known| known == language.as_str()) {
                let mut languages = vec![TaggingSettings::ANY];
                languages.extend(known.iter().map(String::as_str));
                let message = format!("`{}` is not one of the languages of [tagging]", language.as_str());
                self.problem(&language.span(), message, format!("use one of {}, or add it there", list(&languages)));
                continue;
            }
            if language.as_str() != TaggingSettings::ANY && !judge.languages.iter().any(|l| l == language.as_str()) {
                let message = format!("the topic's scope leaves out entries in `{}`", language.as_str());
                self.warning(&language.span(), message, "remove the list, or add the language to the scope");
            }
            let terms = self.terms(written, language, kind, judge);
            lists.insert(language.to_string(), terms);
        }
        lists
    }

    pub(super) fn terms(&mut self, written: &[At<String>], list: &str, kind: Kind, judge: &Judge<'_>) -> Vec<Term> {
        let mut seen = HashSet::new();
        let mut terms = Vec::with_capacity(written.len());
        for term in written {
            if term.trim().is_empty() {
                self.problem(&term.span(), "the term is empty", "remove it");
                continue;
            }
            if !seen.insert(term.trim()) {
                self.warning(
                    &term.span(),
                    "the term is in this list already",
                    "remove one of the two; it counts twice",
                );
            }
            match judge.parse(term, list, kind) {
                Ok(term) => terms.push(term),
                Err(error) => self.term_problem(term, error),
            }
        }
        terms
    }

    pub(super) fn groups(&mut self, written: &[Vec<At<String>>], at: &At<String>, judge: &Judge<'_>) -> Vec<Vec<Term>> {
        let mut groups = Vec::new();
        for group in written {
            if group.is_empty() {
                let message = "a group of `require` is empty, so that no entry can meet it";
                self.problem(&at.span(), message, "remove it, or write terms into it");
                continue;
            }
            let terms = self.terms(group, TaggingSettings::ANY, Kind::Unweighted("a requirement"), judge);
            if !terms.is_empty() {
                groups.push(terms);
            }
        }
        if let Some(first) = written.get(MOST_GROUPS).and_then(|group| group.first()) {
            let message = format!("`require` has more than {MOST_GROUPS} groups");
            self.problem(&first.span(), message, "put terms that mean the same into one group");
        }
        groups
    }

    pub(super) fn categories(&mut self, written: &[At<String>]) -> Vec<CategoryName> {
        let mut names = Vec::new();
        for category in written {
            match CategoryName::parse(category) {
                Ok(name) => names.push(name),
                Err(error) => self.term_problem(category, error),
            }
        }
        names
    }

    fn term_problem(&mut self, term: &At<String>, error: TermError) {
        self.problem_inside(&term.span(), error.offset, error.message, error.hint);
    }
}
