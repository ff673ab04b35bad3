//! Code generation from a document and an overlay.

use hoopai_codegen::{Module, SourceText, Sources, generate, strip};

/// Separates the document from the overlay.
const SEPARATOR: &str = "\n---\n";

/// The input is a document, optionally followed by a line of three dashes and an overlay.
pub fn codegen(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (document, overlay) = match text.split_once(SEPARATOR) {
        Some((document, overlay)) => (document, Some(overlay)),
        None => (text, None),
    };
    let spec = match strip("fuzz.json", document.as_bytes(), &Default::default()) {
        Ok(spec) => spec,
        Err(error) => return assert_actionable(&error),
    };
    let again = strip("fuzz.json", &spec, &Default::default());
    assert_eq!(
        again.ok().as_ref(),
        Some(&spec),
        "the second run changes the document"
    );
    let module = Module {
        name: "fuzz".to_owned(),
        product: "Fuzz".to_owned(),
        aliases: Vec::new(),
        github: None,
        default: false,
        deprecated: false,
    };
    let sources = Sources {
        spec_file: "fuzz.json",
        spec: &spec,
        overlay: overlay.map(|text| SourceText {
            file: "overlay.yaml",
            text,
        }),
        documentation: None,
        common: None,
    };
    match generate(&module, &sources) {
        Ok(generated) => {
            for (path, text) in &generated.files {
                if path.ends_with(".rs")
                    && let Err(error) = syn::parse_file(text)
                {
                    panic!("{path} is no valid Rust: {error}");
                }
            }
        }
        Err(error) => assert_actionable(&error),
    }
}

/// Asserts that an error has a problem and a remedy, and does not come from a caught panic.
fn assert_actionable(error: &hoopai_codegen::FileError) {
    let text = error.to_string();
    assert!(!text.contains("gave up"), "a panic was caught: {text}");
    assert!(
        !error.problem.is_empty() && !error.remedy.is_empty(),
        "{text}"
    );
}
