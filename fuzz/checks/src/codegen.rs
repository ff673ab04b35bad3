//! From a document and an overlay to the source of a crate.

use hoopai_codegen::{Module, SourceText, Sources, generate, strip};

/// What stands between the document and the overlay.
const BETWEEN: &str = "\n---\n";

/// A document, and behind a line of three dashes an overlay.
pub fn codegen(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (document, overlay) = match text.split_once(BETWEEN) {
        Some((document, overlay)) => (document, Some(overlay)),
        None => (text, None),
    };
    let spec = match strip("fuzz.json", document.as_bytes(), &Default::default()) {
        Ok(spec) => spec,
        Err(fault) => return explained(&fault),
    };
    let again = strip("fuzz.json", &spec, &Default::default());
    assert_eq!(
        again.ok().as_ref(),
        Some(&spec),
        "distilling twice changes it"
    );
    let module = Module {
        name: "fuzz".to_owned(),
        product: "Fuzz".to_owned(),
        aliases: Vec::new(),
        github: None,
        default: false,
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
                    && let Err(fault) = syn::parse_file(text)
                {
                    panic!("{path} is no Rust: {fault}");
                }
            }
        }
        Err(fault) => explained(&fault),
    }
}

/// An error says what is wrong and what to do, and is not a panic that was caught.
fn explained(fault: &hoopai_codegen::FileError) {
    let text = fault.to_string();
    assert!(!text.contains("gave up"), "a panic was caught: {text}");
    assert!(
        !fault.problem.is_empty() && !fault.remedy.is_empty(),
        "{text}"
    );
}
