//! All operations, and rows of tables by operation.

use hoopai::runtime::operation::Operation;

/// All operations of all modules.
pub(crate) fn all_operations() -> impl Iterator<Item = &'static Operation> {
    hoopai::OPERATIONS.iter().copied().flatten().copied()
}

/// The name of an operation with its module.
pub(crate) fn qualified_name(operation: &Operation) -> String {
    format!("{}.{}", operation.module, operation.name)
}

/// The row of an operation in a table.
pub(crate) fn row<T: Copy>(table: &[(&Operation, T)], operation: &Operation) -> T {
    let row = table.iter().find(|(other, _)| *other == operation);
    row.unwrap_or_else(|| panic!("no row of {}", qualified_name(operation)))
        .1
}
