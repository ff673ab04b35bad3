//! `specs/modules.toml`: the list of modules.

use serde::Deserialize;

use crate::attention::Attention;
use crate::error::FileError;
use crate::text::is_invisible;

/// The file name in errors about the list of modules.
pub const MODULES_FILE: &str = "specs/modules.toml";

/// One module of the platform: an entry of `specs/modules.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// The first folder of the module's paths, in kebab case; its crate is `hoopai-<name>`.
    pub name: String,
    /// The name of the product at HoopAI.
    pub product: String,
    /// Other names, as search terms.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The path of its file in the public documentation repository, if it is not
    /// `apps/<name>.json`.
    #[serde(default)]
    pub github: Option<String>,
    /// Whether it is a default feature of the facade.
    #[serde(default)]
    pub default: bool,
    /// Whether the platform's files no longer list it.
    #[serde(default)]
    pub deprecated: bool,
}

impl Module {
    /// The name of the module's crate: `hoopai-contacts`.
    pub fn crate_name(&self) -> String {
        format!("hoopai-{}", self.name)
    }

    /// The note in the documentation of a deprecated module; empty for others.
    pub(crate) fn deprecation(&self) -> &'static str {
        if self.deprecated {
            "**Deprecated**: the platform's files no longer list this module. \
             The operations are those of the last file that did."
        } else {
            ""
        }
    }

    /// What people decide about a deprecated module.
    pub(crate) fn attention(&self) -> Option<Attention> {
        let error = FileError {
            file: MODULES_FILE.to_owned(),
            pointer: String::new(),
            problem: format!("the platform's files no longer list the module `{}`", self.name),
            remedy: "accept this to keep the module, or remove its entry and its folders in specs/ and crates/api/".to_owned(),
        };
        let done = "its last interface is kept, and its documentation says so";
        self.deprecated.then(|| Attention::new(error, done, None))
    }

    /// The module's name as a Rust identifier: `social_media_posting`.
    pub fn ident(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Parses `specs/modules.toml`.
pub fn parse_modules(text: &str) -> Result<Vec<Module>, FileError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        module: Vec<Module>,
    }
    let invalid = |problem: String, remedy: &str| FileError {
        file: MODULES_FILE.to_owned(),
        pointer: String::new(),
        problem,
        remedy: remedy.to_owned(),
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| {
            1 + text.as_bytes()[..span.start.min(text.len())]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
        });
        invalid(
            format!("line {line}: {}", error.message()),
            "write `[[module]]` entries with `name` and `product`",
        )
    })?;
    for (index, module) in file.module.iter().enumerate() {
        let is_word = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !module.name.split('-').all(is_word) {
            return Err(invalid(
                format!("module name `{}` is not kebab case", module.name),
                "use the first folder of the module's paths",
            ));
        }
        let texts = std::iter::once(&module.product)
            .chain(&module.aliases)
            .chain(&module.github);
        for text in texts {
            if text.contains(|c| is_invisible(c) || c == '\n' || c == '\t') {
                return Err(invalid(
                    format!(
                        "module `{}` has an invisible character or a line break in `{text}`",
                        module.name
                    ),
                    "write its texts in visible characters, on one line",
                ));
            }
        }
        if file.module[..index]
            .iter()
            .any(|other| other.name >= module.name)
        {
            return Err(invalid(
                format!("module `{}` is repeated or out of order", module.name),
                "keep one entry for each module, in alphabetical order",
            ));
        }
    }
    Ok(file.module)
}
