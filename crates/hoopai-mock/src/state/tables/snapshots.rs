//! Module `snapshots`: snapshot pushes.

use super::prelude::*;

const PUSHES_PAGING: Paging = Paging {
    style: PagingStyle::LastId("lastDoc"),
    ..paging::DEFAULT
};

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "snapshot-pushes",
    noun: "Push",
    scope: Scope::Company,
    scope_field: "",
    updated_fields: &[],
    sample: &[
        ("snapshotId", Sample::NewId),
        ("locationId", Sample::Reference("locations")),
        ("status", Sample::OneOf(&["completed", "processing"])),
    ],
    endpoints: &[
        Endpoint::list("get-snapshot-push", "data", &PUSHES_PAGING).filters(&[
            Filter::equals("snapshotId", "snapshotId"),
            Filter::since("from", "dateAdded"),
            Filter::until("to", "dateAdded"),
        ]),
    ],
    ..Collection::DEFAULT
}];
