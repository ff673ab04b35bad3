//! Modules, whose descriptions are decompressed at first use.

use std::fmt;
use std::sync::OnceLock;

use crate::closest::normal;
use crate::entry::Entry;
use crate::load::load;
use crate::operation::Operation;

/// One module of the platform.
pub struct Module {
    name: &'static str,
    product: &'static str,
    aliases: &'static [&'static str],
    deprecated: bool,
    entries: &'static [Entry],
    data: &'static [u8],
    operations: OnceLock<Vec<Operation>>,
}

impl Module {
    pub(crate) const fn new(
        name: &'static str,
        product: &'static str,
        aliases: &'static [&'static str],
        deprecated: bool,
        entries: &'static [Entry],
        data: &'static [u8],
    ) -> Self {
        Self {
            name,
            product,
            aliases,
            deprecated,
            entries,
            data,
            operations: OnceLock::new(),
        }
    }

    /// The name, as in the platform's URLs: `contacts`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name of the product at HoopAI: `Contacts`.
    pub fn product(&self) -> &'static str {
        self.product
    }

    /// Other names of the product.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Whether the platform's files no longer list the module.
    pub fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// The list of operations, by name. It costs nothing.
    pub fn entries(&self) -> &'static [Entry] {
        self.entries
    }

    /// The operations, in the order of [`entries`](Self::entries). The first call decompresses the
    /// module's description.
    pub fn operations(&'static self) -> &'static [Operation] {
        self.operations
            .get_or_init(|| load(self, self.data))
            .as_slice()
    }

    /// The operation of this name: that of the method (`get_contact`), without the module (`get`),
    /// or the platform's operation id (`get-contact`). Case, `-` and `_` do not matter.
    pub fn operation(&'static self, name: &str) -> Option<&'static Operation> {
        let name = normal(name);
        let is_name = |entry: &Entry| normal(entry.name) == name;
        let is_short = |entry: &Entry| entry.short_name.is_some_and(|short| normal(short) == name);
        let is_id = |entry: &Entry| normal(entry.id) == name;
        let mut positions = [
            self.entries.iter().position(is_name),
            self.entries.iter().position(is_short),
            self.entries.iter().position(is_id),
        ]
        .into_iter();
        let index = positions.find_map(|position| position)?;
        self.operations().get(index)
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{find, modules, route};

    /// The only test of this program that looks up operations.
    #[test]
    fn look_up_reads_only_the_module_of_the_operation() {
        let read = || -> Vec<&str> {
            let modules = modules().iter();
            modules
                .filter(|module| module.operations.get().is_some())
                .map(super::Module::name)
                .collect()
        };
        assert!(find("contacts.nothing").is_err());
        assert!(read().is_empty());
        assert!(find("contacts.get").is_ok());
        assert_eq!(read(), ["contacts"]);
        assert!(route("GET", "/users/u1").is_some());
        assert_eq!(read(), ["contacts", "users"]);
    }
}
