//! The table: for each operation that pages what is put into the mock, and the call that lists it. This half is customers,
//! talk with them, and what they see; the other is business.

use hoopai::Timestamp;
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::locations::types::SearchTasksRequest;
use hoopai::objects::types::SearchObjectRecordsRequest;
use hoopai::opportunities::types::SearchOpportunitiesAdvancedRequest;
use hoopai::runtime::operation::Operation;
use hoopai::serde_json::{Value, json};
use hoopai::social_media_posting::types::ListPostsRequest;
use hoopai::users::types::FilterUsersByEmailRequest;
use hoopai_mock::{COMPANY, LOCATION, Mock, USER};

use super::lists::Reads;
use super::rows_of_business;
use super::seeds::{naming, of, plain, with};

/// An operation that pages.
pub(super) struct Row {
    pub(super) operation: &'static Operation,
    /// The field of an item that holds its id.
    pub(super) id: &'static str,
    pub(super) seed: fn(&Mock, usize) -> Seeded,
    pub(super) reads: Reads,
    /// How many items a page has where the call sets a size.
    pub(super) page: usize,
    /// The platform gives the newest first, as a rule.
    pub(super) oldest_first: bool,
}

/// What a list has.
pub(super) struct Seeded {
    /// What the call names that the items belong to.
    pub(super) of: String,
    /// Ids, the oldest first.
    pub(super) ids: Vec<String>,
}

impl Row {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.operation.module, self.operation.name)
    }

    pub(super) fn paged_by(self, page: usize) -> Self {
        Row { page, ..self }
    }

    pub(super) fn oldest_first(self) -> Self {
        let oldest_first = true;
        Row {
            oldest_first,
            ..self
        }
    }

    /// The ids in the order in which the platform gives them.
    pub(super) fn expected(&self, seeded: &Seeded) -> Vec<String> {
        let mut ids = seeded.ids.clone();
        if !self.oldest_first {
            ids.reverse();
        }
        ids
    }

    /// The mock's name of the operation.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.operation.module, self.operation.id)
    }
}

/// A row: operation, field of the id, what is put in, the call, and what makes its pages short.
macro_rules! row {
    ($module:ident::$operation:ident, $id:literal, $seed:expr, |$client:tt, $of:tt| $call:expr $(, $setter:ident($size:expr))*) => {
        $crate::paging::rows::Row {
            operation: &hoopai::$module::operations::$operation,
            id: $id,
            seed: $seed,
            reads: $crate::paging::lists::Reads {
                items: |row, $client, $of, sized, manner| {
                    let list = if sized { $call $(.$setter($size))* .stream() } else { $call.stream() };
                    $crate::paging::lists::items(list, row, manner)
                },
                pages: |row, $client, $of, sized, manner| {
                    let list = if sized { $call $(.$setter($size))* .pages() } else { $call.pages() };
                    $crate::paging::lists::pages(list, row, manner)
                },
                all: |row, $client, $of, sized, limit| {
                    let call = if sized { $call $(.$setter($size))* } else { $call };
                    $crate::paging::lists::all(call.collect_all(limit), row)
                },
            },
            page: 5,
            oldest_first: false,
        }
    };
}
pub(super) use row;

/// A body of this type.
macro_rules! body {
    ($type:ty, $($json:tt)+) => {
        hoopai::serde_json::from_value::<$type>(hoopai::serde_json::json!($($json)+)).unwrap()
    };
}

pub(super) fn all() -> Vec<Row> {
    let mut rows = people();
    rows.extend(talk());
    rows.extend(content());
    rows.extend(rows_of_business::rows());
    rows
}

fn people() -> Vec<Row> {
    vec![
        row!(
            contacts::LIST_CONTACTS,
            "id",
            |m, n| plain(m, "contacts", n),
            |c, _| c.contacts().list_contacts(),
            limit(5)
        ),
        row!(
            contacts::LIST_CONTACTS_BY_BUSINESS,
            "id",
            |m, n| with(m, "contacts", &json!({"businessId": "b1"}), n),
            |c, _| c.contacts().list_contacts_by_business().business_id("b1"),
            limit("5")
        ),
        row!(
            contacts::SEARCH_CONTACTS,
            "id",
            |m, n| plain(m, "contacts", n),
            |c, _| c
                .contacts()
                .search_contacts()
                .body(SearchContactsRequest::new().location_id(LOCATION)),
            body(
                SearchContactsRequest::new()
                    .location_id(LOCATION)
                    .page_limit(5)
            )
        ),
        row!(
            businesses::LIST_BUSINESSES,
            "id",
            |m, n| plain(m, "businesses", n),
            |c, _| c.businesses().list_businesses(),
            limit("5")
        ),
        row!(
            locations::SEARCH_TASKS,
            "id",
            |m, n| plain(m, "tasks", n),
            |c, _| c.locations().search_tasks().body(SearchTasksRequest::new()),
            body(SearchTasksRequest::new().limit(5))
        ),
        row!(
            locations::SEARCH_LOCATIONS,
            "id",
            |m, n| with(m, "locations", &json!({"email": "same@example.com"}), n),
            |c, _| c.locations().search_locations().email("same@example.com"),
            limit("5")
        ),
        row!(
            locations::LIST_TEMPLATES,
            "id",
            |m, n| plain(m, "location-templates", n),
            |c, _| c.locations().list_templates().origin_id("o1"),
            limit("5")
        ),
        row!(
            users::SEARCH_USERS,
            "id",
            |m, n| with(m, "users", &json!({"type": "agency"}), n),
            |c, _| c.users().search_users().company_id(COMPANY).type_("agency"),
            limit("5")
        ),
        row!(
            users::FILTER_USERS_BY_EMAIL,
            "id",
            |m, n| with(m, "users", &json!({"email": "same@example.com"}), n),
            |c, _| {
                c.users().filter_users_by_email().body(body!(FilterUsersByEmailRequest, {"companyId": COMPANY, "emails": "same@example.com"}))
            },
            body(
                body!(FilterUsersByEmailRequest, {"companyId": COMPANY, "emails": "same@example.com", "limit": "5"})
            )
        ),
        row!(
            opportunities::SEARCH_OPPORTUNITIES,
            "id",
            |m, n| plain(m, "opportunities", n),
            |c, _| c.opportunities().search_opportunities(),
            limit(5)
        ),
        row!(
            opportunities::SEARCH_OPPORTUNITIES_ADVANCED,
            "id",
            |m, n| plain(m, "opportunities", n),
            |c, _| {
                c.opportunities().search_opportunities_advanced().body(body!(SearchOpportunitiesAdvancedRequest, {"locationId": LOCATION, "query": "", "additionalDetails": no_details()}))
            },
            body(
                body!(SearchOpportunitiesAdvancedRequest, {"locationId": LOCATION, "query": "", "additionalDetails": no_details(), "limit": 5})
            )
        ),
        row!(
            opportunities::LIST_LOST_REASONS,
            "id",
            |m, n| plain(m, "lost-reasons", n),
            |c, _| c.opportunities().list_lost_reasons(),
            limit(5)
        ),
        row!(
            objects::SEARCH_OBJECT_RECORDS,
            "id",
            |m, n| of(m, "records", "objects", n),
            |c, of| c
                .objects()
                .search_object_records()
                .schema_key(of)
                .body(body!(SearchObjectRecordsRequest, {"query": ""})),
            body(body!(SearchObjectRecordsRequest, {"query": "", "pageLimit": 5}))
        ),
        row!(
            associations::LIST_ASSOCIATIONS,
            "id",
            |m, n| plain(m, "associations", n),
            |c, _| c.associations().list_associations(),
            limit(5)
        )
        .oldest_first(),
        row!(
            associations::LIST_RELATIONS,
            "id",
            |m, n| naming(m, "relations", ("firstRecordId", "records"), n),
            |c, of| c.associations().list_relations().record_id(of),
            limit(5)
        )
        .oldest_first(),
    ]
}

fn talk() -> Vec<Row> {
    vec![
        row!(
            conversations::SEARCH_CONVERSATIONS,
            "id",
            |m, n| plain(m, "conversations", n),
            |c, _| c.conversations().search_conversations(),
            limit(5)
        ),
        row!(
            conversations::LIST_MESSAGES,
            "id",
            |m, n| of(m, "messages", "conversations", n),
            |c, of| c.conversations().list_messages().conversation_id(of),
            limit(5)
        ),
        row!(
            conversations::EXPORT_MESSAGES,
            "id",
            |m, n| plain(m, "messages", n),
            |c, _| c.conversations().export_messages(),
            limit(10)
        )
        .paged_by(10),
        row!(
            conversation_ai::SEARCH_AGENTS,
            "id",
            |m, n| plain(m, "assistants", n),
            |c, _| c.conversation_ai().search_agents(),
            limit(5)
        ),
        row!(
            voice_ai::LIST_AGENTS,
            "id",
            |m, n| plain(m, "voice-agents", n),
            |c, _| c.voice_ai().list_agents(),
            page_size(5)
        ),
        row!(
            voice_ai::LIST_CALL_LOGS,
            "id",
            |m, n| plain(m, "call-logs", n),
            |c, _| c.voice_ai().list_call_logs(),
            page_size(5)
        ),
        row!(
            agent_studio::LIST_AGENTS,
            "agentId",
            |m, n| plain(m, "agents", n),
            |c, _| c.agent_studio().list_agents(),
            limit("5")
        ),
        row!(
            agent_studio::LIST_AGENTS_DEPRECATED,
            "agentId",
            |m, n| plain(m, "agents", n),
            |c, _| c.agent_studio().list_agents_deprecated(),
            limit("5")
        ),
        row!(
            phone_system::LIST_ACTIVE_PHONE_NUMBERS,
            "sid",
            |m, n| plain(m, "phone-numbers", n),
            |c, _| c
                .phone_system()
                .list_active_phone_numbers()
                .location_id(LOCATION),
            page_size(5)
        ),
        row!(
            emails::LIST_CAMPAIGNS,
            "id",
            |m, n| plain(m, "email-campaigns", n),
            |c, _| c.emails().list_campaigns(),
            limit(5)
        ),
        row!(
            emails::LIST_TEMPLATES,
            "id",
            |m, n| plain(m, "email-templates", n),
            |c, _| c.emails().list_templates(),
            limit("5")
        ),
        row!(
            knowledge_base::LIST_KNOWLEDGE_BASES,
            "id",
            |m, n| plain(m, "knowledge-bases", n),
            |c, _| c.knowledge_base().list_knowledge_bases(),
            limit(5)
        ),
        row!(
            knowledge_base::LIST_FAQS,
            "id",
            |m, n| of(m, "faqs", "knowledge-bases", n),
            |c, of| c.knowledge_base().list_faqs().knowledge_base_id(of),
            limit(5)
        ),
        row!(
            knowledge_base::LIST_TRAINED_URLS,
            "id",
            |m, n| of(m, "trained-urls", "knowledge-bases", n),
            |c, of| c.knowledge_base().list_trained_urls().knowledge_base_id(of),
            page_length(5)
        ),
        row!(
            calendars::LIST_APPOINTMENT_NOTES,
            "id",
            |m, n| of(m, "appointment-notes", "appointments", n),
            |c, of| c.calendars().list_appointment_notes().appointment_id(of),
            limit(5)
        ),
        row!(
            calendars::LIST_CALENDAR_RESOURCES,
            "_id",
            |m, n| plain(m, "calendar-resources", n),
            |c, _| c
                .calendars()
                .list_calendar_resources()
                .resource_type("rooms"),
            limit(5)
        ),
        row!(
            calendars::LIST_EVENT_NOTIFICATIONS,
            "_id",
            |m, n| of(m, "calendar-notifications", "calendars", n),
            |c, of| c.calendars().list_event_notifications().calendar_id(of),
            limit(5)
        ),
        row!(
            calendars::LIST_SCHEDULES,
            "id",
            |m, n| plain(m, "schedules", n),
            |c, _| c.calendars().list_schedules().user_id(USER),
            limit(5)
        ),
    ]
}

fn content() -> Vec<Row> {
    vec![
        row!(
            blogs::LIST_BLOG_AUTHORS,
            "_id",
            |m, n| plain(m, "blog-authors", n),
            |c, _| c.blogs().list_blog_authors(),
            limit(5)
        ),
        row!(
            blogs::LIST_BLOG_CATEGORIES,
            "_id",
            |m, n| plain(m, "blog-categories", n),
            |c, _| c.blogs().list_blog_categories(),
            limit(5)
        ),
        row!(
            blogs::LIST_BLOG_POSTS,
            "_id",
            |m, n| naming(m, "blog-posts", ("blogId", "blogs"), n),
            |c, of| c.blogs().list_blog_posts().blog_id(of),
            limit(5)
        ),
        row!(
            blogs::LIST_BLOGS,
            "_id",
            |m, n| plain(m, "blogs", n),
            |c, _| c.blogs().list_blogs(),
            limit(5)
        ),
        row!(
            brand_boards::LIST_BRAND_BOARDS,
            "_id",
            |m, n| plain(m, "brand-boards", n),
            |c, _| c.brand_boards().list_brand_boards().location_id(LOCATION),
            limit(5)
        ),
        row!(
            custom_menus::LIST_CUSTOM_MENUS,
            "id",
            |m, n| plain(m, "custom-menus", n),
            |c, _| c.custom_menus().list_custom_menus(),
            limit(5)
        ),
        row!(
            forms::LIST_FORMS,
            "id",
            |m, n| plain(m, "forms", n),
            |c, _| c.forms().list_forms(),
            limit(5)
        ),
        row!(
            forms::LIST_FORM_SUBMISSIONS,
            "id",
            |m, n| plain(m, "submissions", n),
            |c, _| c.forms().list_form_submissions(),
            limit(5)
        ),
        row!(
            surveys::LIST_SURVEYS,
            "id",
            |m, n| plain(m, "surveys", n),
            |c, _| c.surveys().list_surveys(),
            limit(5)
        ),
        row!(
            surveys::LIST_SURVEY_SUBMISSIONS,
            "id",
            |m, n| plain(m, "survey-submissions", n),
            |c, _| c.surveys().list_survey_submissions(),
            limit(5)
        ),
        row!(
            funnels::LIST_FUNNELS,
            "_id",
            |m, n| plain(m, "funnels", n),
            |c, _| c.funnels().list_funnels(),
            limit("5")
        ),
        row!(
            funnels::LIST_PAGES,
            "_id",
            |m, n| naming(m, "funnel-pages", ("funnelId", "funnels"), n),
            |c, of| c.funnels().list_pages().funnel_id(of),
            limit(5)
        ),
        row!(
            funnels::LIST_REDIRECTS,
            "id",
            |m, n| plain(m, "redirects", n),
            |c, _| c.funnels().list_redirects(),
            limit(5)
        ),
        row!(
            links::SEARCH_LINKS,
            "id",
            |m, n| plain(m, "links", n),
            |c, _| c.links().search_links(),
            limit(5)
        ),
        row!(
            medias::LIST_MEDIA_OBJECTS,
            "_id",
            |m, n| plain(m, "medias", n),
            |c, _| c
                .medias()
                .list_media_objects()
                .type_("file")
                .sort_by("createdAt")
                .sort_order("desc"),
            limit("5")
        ),
        row!(
            proposals::LIST_DOCUMENTS,
            "_id",
            |m, n| plain(m, "documents", n),
            |c, _| c.proposals().list_documents(),
            limit(5)
        ),
        row!(
            proposals::LIST_TEMPLATES,
            "_id",
            |m, n| plain(m, "document-templates", n),
            |c, _| c.proposals().list_templates(),
            limit("5")
        ),
        row!(
            social_media_posting::LIST_CATEGORIES,
            "_id",
            |m, n| plain(m, "social-categories", n),
            |c, _| c.social_media_posting().list_categories(),
            limit("5")
        ),
        row!(
            social_media_posting::LIST_TAGS,
            "_id",
            |m, n| plain(m, "social-tags", n),
            |c, _| c.social_media_posting().list_tags(),
            limit("5")
        ),
        row!(
            social_media_posting::LIST_CSVS,
            "_id",
            |m, n| plain(m, "social-csvs", n),
            |c, _| c.social_media_posting().list_csvs(),
            limit("5")
        ),
        row!(
            social_media_posting::LIST_CSV_POSTS,
            "_id",
            |m, n| of(m, "social-csv-posts", "social-csvs", n),
            |c, of| c.social_media_posting().list_csv_posts().id(of),
            limit("5")
        ),
        row!(
            social_media_posting::LIST_POSTS,
            "_id",
            |m, n| plain(m, "social-posts", n),
            |c, _| c.social_media_posting().list_posts().body(posts()),
            body(posts().limit("5"))
        ),
    ]
}

/// All posts there are.
fn posts() -> ListPostsRequest {
    ListPostsRequest::new()
        .from_date(Timestamp::from_unix_millis(1_577_836_800_000))
        .to_date(Timestamp::from_unix_millis(3_786_912_000_000))
        .include_users("false")
}

/// Nothing of what hangs on an opportunity.
fn no_details() -> Value {
    json!({"notes": false, "tasks": false, "calendarEvents": false, "unReadConversations": false})
}
