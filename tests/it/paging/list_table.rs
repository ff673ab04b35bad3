//! One row for each operation that pages: the items to seed, and the call that lists them.

use hoopai::Client;
use hoopai::Timestamp;
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::locations::types::SearchTasksRequest;
use hoopai::objects::types::SearchObjectRecordsRequest;
use hoopai::opportunities::types::SearchOpportunitiesAdvancedRequest;
use hoopai::runtime::operation::Operation;
use hoopai::serde_json::{from_value, json};
use hoopai::social_media_posting::types::ListPostsRequest;
use hoopai::users::types::FilterUsersByEmailRequest;
use hoopai_mock::{CLIENT_ID, COMPANY, LOCATION, USER};

use crate::operations::qualified_name;

use super::id_lists::{AllIds, IdList, ReadFns, ReadOptions};
use super::seeds::Seed::{self, Children, Installations, Items, Referring, WithFields};
use super::seeds::Seeded;

/// An operation that pages.
pub(super) struct Row {
    pub(super) operation: &'static Operation,
    pub(super) seed: Seed,
    /// The field of the id.
    pub(super) id: &'static str,
    read: ReadFns,
    /// The number of items on a page, unless [`ReadOptions::full_pages`] is set.
    pub(super) page_size: usize,
    oldest_first: bool,
}

impl Row {
    pub(super) fn name(&self) -> String {
        qualified_name(self.operation)
    }

    fn page_size(self, page_size: usize) -> Self {
        Row { page_size, ..self }
    }

    /// By default the platform returns the newest items first.
    fn oldest_first(self) -> Self {
        let oldest_first = true;
        Row {
            oldest_first,
            ..self
        }
    }

    /// The ids in the order in which the platform returns them.
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

    /// Streams the items of a parent.
    pub(super) fn items(
        &self,
        client: &Client,
        parent: &str,
        options: ReadOptions,
    ) -> Box<dyn IdList> {
        (self.read.items)(client, parent, options)
    }

    /// Streams the pages with the items of a parent.
    pub(super) fn pages(
        &self,
        client: &Client,
        parent: &str,
        options: ReadOptions,
    ) -> Box<dyn IdList> {
        (self.read.pages)(client, parent, options)
    }

    /// Collects the items of a parent; more than `limit` are an error.
    pub(super) fn collect(&self, client: &Client, parent: &str, limit: usize) -> AllIds {
        (self.read.all)(client, parent, limit)
    }
}

/// Rows of: operation, field of the id, seed, call, setter that makes the pages short.
macro_rules! rows {
    ($($module:ident::$operation:ident, $id:literal, $seed:expr,
        |$client:tt, $parent:tt| $call:expr
        $(, $setter:ident($size:expr))? $(=> $with:ident($($value:expr)?))?;)*
    ) => {
        vec![$(Row {
            operation: &hoopai::$module::operations::$operation,
            seed: $seed,
            id: $id,
            read: ReadFns {
                items: |$client, $parent, options| {
                    let list = match options.full_pages {
                        true => $call.stream(),
                        false => $call$(.$setter($size))?.stream(),
                    };
                    super::id_lists::items(list, $id, options)
                },
                pages: |$client, $parent, options| {
                    let list = match options.full_pages {
                        true => $call.pages(),
                        false => $call$(.$setter($size))?.pages(),
                    };
                    let operation = &hoopai::$module::operations::$operation;
                    super::id_lists::pages(list, operation, $id, options)
                },
                all: |$client, $parent, limit| {
                    super::id_lists::all($call$(.$setter($size))?.collect_all(limit), $id)
                },
            },
            page_size: 5,
            oldest_first: false,
        }$(.$with($($value)?))?,)*]
    };
}

pub(super) fn all() -> Vec<Row> {
    let mut rows = contact_rows();
    rows.extend(conversation_rows());
    rows.extend(content_rows());
    rows.extend(payment_rows());
    rows.extend(agency_rows());
    rows
}

fn contact_rows() -> Vec<Row> {
    rows! {
        contacts::LIST_CONTACTS, "id", Items("contacts"),
            |c, _| c.contacts().list_contacts(), limit(5);
        contacts::LIST_CONTACTS_BY_BUSINESS, "id",
            WithFields("contacts", json!({"businessId": "b1"})),
            |c, _| c.contacts().list_contacts_by_business().business_id("b1"), limit(5);
        contacts::SEARCH_CONTACTS, "id", Items("contacts"),
            |c, _| c.contacts().search_contacts().body(contact_search()),
            body(contact_search().page_limit(5));
        businesses::LIST_BUSINESSES, "id", Items("businesses"),
            |c, _| c.businesses().list_businesses(), limit(5);
        locations::SEARCH_TASKS, "id", Items("tasks"),
            |c, _| c.locations().search_tasks().body(SearchTasksRequest::new()),
            body(SearchTasksRequest::new().limit(5));
        locations::SEARCH_LOCATIONS, "id",
            WithFields("locations", json!({"email": "same@example.com"})),
            |c, _| c.locations().search_locations().email("same@example.com"), limit(5);
        locations::LIST_TEMPLATES, "id", Items("location-templates"),
            |c, _| c.locations().list_templates().origin_id("o1"), limit(5);
        users::SEARCH_USERS, "id", WithFields("users", json!({"type": "agency"})),
            |c, _| c.users().search_users().company_id(COMPANY).type_("agency"), limit(5);
        users::FILTER_USERS_BY_EMAIL, "id",
            WithFields("users", json!({"email": "same@example.com"})),
            |c, _| c.users().filter_users_by_email().body(user_filter()),
            body(user_filter().limit("5"));
        opportunities::SEARCH_OPPORTUNITIES, "id", Items("opportunities"),
            |c, _| c.opportunities().search_opportunities(), limit(5);
        opportunities::SEARCH_OPPORTUNITIES_ADVANCED, "id", Items("opportunities"),
            |c, _| c.opportunities().search_opportunities_advanced().body(opportunity_search()),
            body(opportunity_search().limit(5));
        opportunities::LIST_LOST_REASONS, "id", Items("lost-reasons"),
            |c, _| c.opportunities().list_lost_reasons(), limit(5);
        objects::SEARCH_OBJECT_RECORDS, "id", Children("records", "objects"),
            |c, object| c.objects().search_object_records().schema_key(object)
                .body(record_search()),
            body(record_search().page_limit(5));
        associations::LIST_ASSOCIATIONS, "id", Items("associations"),
            |c, _| c.associations().list_associations(), limit(5) => oldest_first();
        associations::LIST_RELATIONS, "id", Referring("relations", "firstRecordId", "records"),
            |c, record| c.associations().list_relations().record_id(record), limit(5)
            => oldest_first();
    }
}

fn conversation_rows() -> Vec<Row> {
    rows! {
        conversations::SEARCH_CONVERSATIONS, "id", Items("conversations"),
            |c, _| c.conversations().search_conversations(), limit(5);
        conversations::LIST_MESSAGES, "id", Children("messages", "conversations"),
            |c, of| c.conversations().list_messages().conversation_id(of), limit(5);
        conversations::EXPORT_MESSAGES, "id", Items("messages"),
            |c, _| c.conversations().export_messages(), limit(10) => page_size(10);
        conversation_ai::SEARCH_AGENTS, "id", Items("assistants"),
            |c, _| c.conversation_ai().search_agents(), limit(5);
        voice_ai::LIST_AGENTS, "id", Items("voice-agents"),
            |c, _| c.voice_ai().list_agents(), page_size(5);
        voice_ai::LIST_CALL_LOGS, "id", Items("call-logs"),
            |c, _| c.voice_ai().list_call_logs(), page_size(5);
        agent_studio::LIST_AGENTS, "agentId", Items("agents"),
            |c, _| c.agent_studio().list_agents(), limit(5);
        agent_studio::LIST_AGENTS_DEPRECATED, "agentId", Items("agents"),
            |c, _| c.agent_studio().list_agents_deprecated(), limit(5);
        phone_system::LIST_ACTIVE_PHONE_NUMBERS, "sid", Items("phone-numbers"),
            |c, _| c.phone_system().list_active_phone_numbers().location_id(LOCATION),
            page_size(5);
        emails::LIST_CAMPAIGNS, "id", Items("email-campaigns"),
            |c, _| c.emails().list_campaigns(), limit(5);
        emails::LIST_TEMPLATES, "id", Items("email-templates"),
            |c, _| c.emails().list_templates(), limit(5);
        knowledge_base::LIST_KNOWLEDGE_BASES, "id", Items("knowledge-bases"),
            |c, _| c.knowledge_base().list_knowledge_bases(), limit(5);
        knowledge_base::LIST_FAQS, "id", Children("faqs", "knowledge-bases"),
            |c, of| c.knowledge_base().list_faqs().knowledge_base_id(of), limit(5);
        knowledge_base::LIST_TRAINED_URLS, "id", Children("trained-urls", "knowledge-bases"),
            |c, of| c.knowledge_base().list_trained_urls().knowledge_base_id(of),
            page_length(5);
        calendars::LIST_APPOINTMENT_NOTES, "id", Children("appointment-notes", "appointments"),
            |c, of| c.calendars().list_appointment_notes().appointment_id(of), limit(5);
        calendars::LIST_CALENDAR_RESOURCES, "_id", Items("calendar-resources"),
            |c, _| c.calendars().list_calendar_resources().resource_type("rooms"), limit(5);
        calendars::LIST_EVENT_NOTIFICATIONS, "_id",
            Children("calendar-notifications", "calendars"),
            |c, of| c.calendars().list_event_notifications().calendar_id(of), limit(5);
        calendars::LIST_SCHEDULES, "id", Items("schedules"),
            |c, _| c.calendars().list_schedules().user_id(USER), limit(5);
    }
}

fn content_rows() -> Vec<Row> {
    rows! {
        blogs::LIST_BLOG_AUTHORS, "_id", Items("blog-authors"),
            |c, _| c.blogs().list_blog_authors(), limit(5);
        blogs::LIST_BLOG_CATEGORIES, "_id", Items("blog-categories"),
            |c, _| c.blogs().list_blog_categories(), limit(5);
        blogs::LIST_BLOG_POSTS, "_id", Referring("blog-posts", "blogId", "blogs"),
            |c, of| c.blogs().list_blog_posts().blog_id(of), limit(5);
        blogs::LIST_BLOGS, "_id", Items("blogs"), |c, _| c.blogs().list_blogs(), limit(5);
        brand_boards::LIST_BRAND_BOARDS, "_id", Items("brand-boards"),
            |c, _| c.brand_boards().list_brand_boards().location_id(LOCATION), limit(5);
        custom_menus::LIST_CUSTOM_MENUS, "id", Items("custom-menus"),
            |c, _| c.custom_menus().list_custom_menus(), limit(5);
        forms::LIST_FORMS, "id", Items("forms"), |c, _| c.forms().list_forms(), limit(5);
        forms::LIST_FORM_SUBMISSIONS, "id", Items("submissions"),
            |c, _| c.forms().list_form_submissions(), limit(5);
        surveys::LIST_SURVEYS, "id", Items("surveys"),
            |c, _| c.surveys().list_surveys(), limit(5);
        surveys::LIST_SURVEY_SUBMISSIONS, "id", Items("survey-submissions"),
            |c, _| c.surveys().list_survey_submissions(), limit(5);
        funnels::LIST_FUNNELS, "_id", Items("funnels"),
            |c, _| c.funnels().list_funnels(), limit(5);
        funnels::LIST_PAGES, "_id", Referring("funnel-pages", "funnelId", "funnels"),
            |c, of| c.funnels().list_pages().funnel_id(of), limit(5);
        funnels::LIST_REDIRECTS, "id", Items("redirects"),
            |c, _| c.funnels().list_redirects(), limit(5);
        links::SEARCH_LINKS, "id", Items("links"), |c, _| c.links().search_links(), limit(5);
        medias::LIST_MEDIA_OBJECTS, "_id", Items("medias"),
            |c, _| c.medias().list_media_objects().type_("file").sort_by("createdAt")
                .sort_order("desc"),
            limit(5);
        proposals::LIST_DOCUMENTS, "_id", Items("documents"),
            |c, _| c.proposals().list_documents(), limit(5);
        proposals::LIST_TEMPLATES, "_id", Items("document-templates"),
            |c, _| c.proposals().list_templates(), limit(5);
        social_media_posting::LIST_CATEGORIES, "_id", Items("social-categories"),
            |c, _| c.social_media_posting().list_categories(), limit(5);
        social_media_posting::LIST_TAGS, "_id", Items("social-tags"),
            |c, _| c.social_media_posting().list_tags(), limit(5);
        social_media_posting::LIST_CSVS, "_id", Items("social-csvs"),
            |c, _| c.social_media_posting().list_csvs(), limit(5);
        social_media_posting::LIST_CSV_POSTS, "_id", Children("social-csv-posts", "social-csvs"),
            |c, of| c.social_media_posting().list_csv_posts().id(of), limit(5);
        social_media_posting::LIST_POSTS, "_id", Items("social-posts"),
            |c, _| c.social_media_posting().list_posts().body(post_filter()),
            body(post_filter().limit("5"));
    }
}

fn payment_rows() -> Vec<Row> {
    rows! {
        invoices::LIST_ESTIMATE_TEMPLATES, "_id", Items("estimate-templates"),
            |c, _| c.invoices().list_estimate_templates(), limit(5);
        invoices::LIST_ESTIMATES, "_id", Items("estimates"),
            |c, _| c.invoices().list_estimates(), limit(5);
        invoices::LIST_INVOICE_SCHEDULES, "_id", Items("invoice-schedules"),
            |c, _| c.invoices().list_invoice_schedules(), limit(5);
        invoices::LIST_INVOICE_TEMPLATES, "_id", Items("invoice-templates"),
            |c, _| c.invoices().list_invoice_templates(), limit(5);
        invoices::LIST_INVOICES, "_id", Items("invoices"),
            |c, _| c.invoices().list_invoices(), limit(5);
        payments::LIST_COUPONS, "_id", Items("coupons"),
            |c, _| c.payments().list_coupons(), limit(5);
        payments::LIST_ORDERS, "_id", Items("orders"),
            |c, _| c.payments().list_orders(), limit(5);
        payments::LIST_SUBSCRIPTIONS, "_id", Items("subscriptions"),
            |c, _| c.payments().list_subscriptions(), limit(5);
        payments::LIST_TRANSACTIONS, "_id", Items("transactions"),
            |c, _| c.payments().list_transactions(), limit(5);
        payments::LIST_WHITE_LABEL_PROVIDERS, "_id", Items("integration-providers"),
            |c, _| c.payments().list_white_label_providers(), limit(5);
        products::LIST_INVENTORY, "_id", Items("prices"),
            |c, _| c.products().list_inventory(), limit(5);
        products::LIST_PRODUCT_COLLECTIONS, "_id", Items("product-collections"),
            |c, _| c.products().list_product_collections(), limit(5);
        products::LIST_PRODUCT_REVIEWS, "_id", Items("product-reviews"),
            |c, _| c.products().list_product_reviews(), limit(5);
        products::LIST_PRODUCTS, "_id", Items("products"),
            |c, _| c.products().list_products(), limit(5);
        products::LIST_PRICES, "_id", Children("prices", "products"),
            |c, of| c.products().list_prices().product_id(of), limit(5);
        store::LIST_SHIPPING_RATES, "_id", Children("shipping-rates", "shipping-zones"),
            |c, of| c.store().list_shipping_rates().shipping_zone_id(of), limit(5);
        store::LIST_SHIPPING_ZONES, "_id", Items("shipping-zones"),
            |c, _| c.store().list_shipping_zones(), limit(5);
        marketplace::LIST_CHARGES, "chargeId", Items("charges"),
            |c, _| c.marketplace().list_charges(), limit(5);
    }
}

fn agency_rows() -> Vec<Row> {
    rows! {
        affiliate_manager::LIST_AFFILIATES, "_id", Items("affiliates"),
            |c, _| c.affiliate_manager().list_affiliates(), limit(5);
        affiliate_manager::LIST_COMMISSIONS, "_id", Items("affiliate-commissions"),
            |c, _| c.affiliate_manager().list_commissions(), limit(5);
        affiliate_manager::LIST_PAYOUTS, "_id", Items("affiliate-payouts"),
            |c, _| c.affiliate_manager().list_payouts(), limit(5);
        oauth::LIST_INSTALLED_LOCATIONS, "_id", Installations,
            |c, _| c.oauth().list_installed_locations().app_id(CLIENT_ID).company_id(COMPANY),
            limit(5) => oldest_first();
        // The platform sets the size of these pages.
        saas::LIST_SAAS_LOCATIONS, "locationId", Items("saas-locations"),
            |c, _| c.saas().list_saas_locations().company_id(COMPANY) => page_size(10);
        saas::LIST_SAAS_LOCATIONS_DEPRECATED, "locationId", Items("saas-locations"),
            |c, _| c.saas().list_saas_locations_deprecated().company_id(COMPANY)
            => page_size(10);
        snapshots::LIST_SNAPSHOT_PUSHES, "id",
            WithFields("snapshot-pushes", json!({"snapshotId": "s1"})),
            |c, _| c.snapshots().list_snapshot_pushes().snapshot_id("s1").company_id(COMPANY)
                .from("2020-01-01").to("2090-01-01"),
            limit(5);
    }
}

fn contact_search() -> SearchContactsRequest {
    SearchContactsRequest::new().location_id(LOCATION)
}

fn user_filter() -> FilterUsersByEmailRequest {
    from_value(json!({"companyId": COMPANY, "emails": "same@example.com"})).unwrap()
}

fn opportunity_search() -> SearchOpportunitiesAdvancedRequest {
    let details = json!({
        "notes": false, "tasks": false, "calendarEvents": false, "unReadConversations": false
    });
    let search = json!({"locationId": LOCATION, "query": "", "additionalDetails": details});
    from_value(search).unwrap()
}

fn record_search() -> SearchObjectRecordsRequest {
    SearchObjectRecordsRequest::new().query("")
}

/// A filter that includes posts of all times.
fn post_filter() -> ListPostsRequest {
    ListPostsRequest::new()
        .from_date(Timestamp::from_unix_millis(1_577_836_800_000))
        .to_date(Timestamp::from_unix_millis(3_786_912_000_000))
        .include_users("false")
}
