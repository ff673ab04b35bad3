//! The fields by which the searches filter and sort, as the vendor's pages list them.

use super::super::conditions::Search;

/// `firstName` and `lastName` are announced on these pages, not listed yet.
pub(super) static CONTACTS: Search = Search {
    fields: &[
        ("id", "id"),
        ("contactName", "contactName"),
        ("firstName", "firstName"),
        ("lastName", "lastName"),
        ("firstNameLowerCase", "firstNameLowerCase"),
        ("lastNameLowerCase", "lastNameLowerCase"),
        ("email", "email"),
        ("phone", "phone"),
        ("address", "address1"),
        ("city", "city"),
        ("state", "state"),
        ("postalCode", "postalCode"),
        ("country", "country"),
        ("timezone", "timezone"),
        ("website", "website"),
        ("companyName", "companyName"),
        ("businessName", "businessName"),
        ("assignedTo", "assignedTo"),
        ("followers", "followers"),
        ("source", "source"),
        ("tags", "tags"),
        ("type", "type"),
        ("dnd", "dnd"),
        ("dateAdded", "dateAdded"),
        ("dateUpdated", "dateUpdated"),
        ("dateOfBirth", "dateOfBirth"),
        ("validEmail", "validEmail"),
        ("isValidWhatsapp", ""),
        ("lastEmailClickedDate", ""),
        ("lastEmailOpenedDate", ""),
        ("lastAppointment", ""),
        ("activeWorkflows", ""),
        ("finishedWorkflows", ""),
    ],
    custom: &["customFields"],
    properties: false,
};

/// These filters are in snake case, unlike the fields of replies.
pub(super) static OPPORTUNITIES: Search = Search {
    fields: &[
        ("id", "id"),
        ("name", "name"),
        ("status", "status"),
        ("source", "source"),
        ("monetary_value", "monetaryValue"),
        ("pipeline_id", "pipelineId"),
        ("pipeline_stage_id", "pipelineStageId"),
        ("lost_reason_id", "lostReasonId"),
        ("assigned_to", "assignedTo"),
        ("followers", "followers"),
        ("contact_id", "contactId"),
        ("contact_name", "contact.name"),
        ("company_name", "contact.companyName"),
        ("email", "contact.email"),
        ("phone", "contact.phone"),
        ("date_added", "createdAt"),
        ("date_updated", "updatedAt"),
        ("last_status_change_date", "lastStatusChangeAt"),
        ("last_stage_change_date", "lastStageChangeAt"),
    ],
    custom: &["custom_fields", "customFields"],
    properties: false,
};

pub(super) static RECORDS: Search = Search {
    fields: &[
        ("id", "id"),
        ("owner", "owner"),
        ("followers", "followers"),
        ("createdAt", "createdAt"),
        ("updatedAt", "updatedAt"),
    ],
    custom: &["customFields"],
    properties: true,
};
