//! The few elements that answers of AWS STS are read for.

/// The text of the first element of that name, its entities replaced (XML 1.0 §4.6).
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    if text.contains('<') {
        return None;
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    Some(text.replace("&amp;", "&")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_text_and_nothing_else() {
        let xml = "<R><A>x</A><B> y &amp; &lt;z&gt; </B><C><A>1</A></C><D></D></R>";
        for (name, expected) in
            [("A", Some("x")), ("B", Some("y & <z>")), ("C", None), ("D", None), ("E", None), ("R", None)]
        {
            assert_eq!(element(xml, name).as_deref(), expected, "{name}");
        }
        assert_eq!(element("<A>open", "A"), None);
    }
}
