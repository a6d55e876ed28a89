//! Faults of a scenario: which one is due, and what it answers.

use serde_json::Value;

use super::cloud::Answer;

/// The faults of a scenario, and how often each was fitting.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<(Value, u64)>,
}

impl Faults {
    pub(crate) fn of(scenario: &Value) -> Self {
        let list = scenario["faults"].as_array().into_iter().flatten();
        Self { list: list.map(|fault| (fault.clone(), 0)).collect() }
    }

    /// The answer of the first fitting fault whose turn it is.
    pub(crate) fn due(&mut self, path: &str, body: &str) -> Option<Answer> {
        for (fault, count) in &mut self.list {
            let fits = |name: &str, text: &str| fault[name].as_str().is_none_or(|part| text.contains(part));
            if !fits("path", path) || !fits("body", body) {
                continue;
            }
            let number = *count;
            *count += 1;
            let (from, to) = (fault["from"].as_u64().unwrap_or(0), fault["to"].as_u64().unwrap_or(u64::MAX));
            if (from..to).contains(&number) {
                return Some(answer(fault));
            }
        }
        None
    }
}

fn answer(fault: &Value) -> Answer {
    if fault["close"] == true {
        return Answer::closed();
    }
    let status = u16::try_from(fault["status"].as_u64().unwrap()).unwrap();
    let mut answer = match &fault["reply"] {
        Value::String(text) => Answer::new(status, "fault", text.clone().into_bytes()),
        Value::Null => Answer::new(status, "fault", Vec::new()),
        json => Answer::json(status, "fault", json),
    };
    let headers = fault["headers"].as_object().into_iter().flatten();
    answer.headers.extend(headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())));
    answer
}
