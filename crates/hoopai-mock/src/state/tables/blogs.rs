//! Module `blogs`: blogs, posts, authors and categories.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "blogs",
        noun: "Blog",
        sample: &[("name", Sample::Numbered("Blog"))],
        endpoints: &[Endpoint::list("get-blogs", "data", &paging::SKIP)
            .filters(&[Filter::text("searchTerm")])],
        ..Collection::HEX_ID
    },
    Collection {
        name: "blog-posts",
        noun: "Post",
        search_fields: &["title", "description"],
        discarded: &["rawHTML"],
        defaults: &[("archived", FieldValue::False)],
        sample: &[
            ("title", Sample::Numbered("Post")),
            ("blogId", Sample::Reference("blogs")),
            ("status", Sample::Text("PUBLISHED")),
            ("urlSlug", Sample::Key("post")),
        ],
        endpoints: &[
            Endpoint::list("get-blog-post", "blogs", &paging::OFFSET).filters(&[
                Filter::equals("blogId", "blogId"),
                Filter::equals("status", "status"),
                Filter::text("searchTerm"),
            ]),
            Endpoint::list("check-url-slug-exists", "", &Paging::ALL)
                .without_item()
                .filters(&[Filter::any_equals("urlSlug", &["urlSlug"])])
                .with(&[("exists", ReplyField::HasItems)]),
            Endpoint::create("create-blog-post", "data"),
            Endpoint::update("update-blog-post", "postId", "updatedBlogPost"),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "blog-authors",
        noun: "Author",
        sample: &[("name", Sample::Numbered("Author"))],
        endpoints: &[Endpoint::list(
            "get-all-blog-authors-by-location",
            "authors",
            &paging::OFFSET,
        )],
        ..Collection::HEX_ID
    },
    Collection {
        name: "blog-categories",
        noun: "Category",
        sample: &[
            ("label", Sample::Numbered("Category")),
            ("urlSlug", Sample::Key("category")),
        ],
        endpoints: &[Endpoint::list(
            "get-all-categories-by-location",
            "categories",
            &paging::OFFSET,
        )],
        ..Collection::HEX_ID
    },
];
