//! Planted changes of an interface file or overlay: each is one small edit, with the changes of the
//! Rust API that it must cause, the version that follows, and a program for rustc to judge.

use serde_json::{Value, json};

use crate::support::{document, operation};

/// The verdict on a program that uses the changed item and compiles before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// It compiles after the change.
    Compiles,
    /// It does not compile after the change.
    Breaks,
    /// It compiles after the change, and its call is rejected before it is sent.
    IsRejected,
}

use Program::{Breaks, Compiles, IsRejected};

pub(crate) struct Planted {
    pub(crate) name: &'static str,
    pub(crate) edit: fn(&mut Value),
    /// The expected changes: each line is kind, item, a name in it, and `!` if it is breaking.
    pub(crate) expected: &'static str,
    /// The body of a function with `client: Client`.
    pub(crate) program: &'static str,
    pub(crate) verdict: Program,
}

/// The interface before each change.
pub(crate) fn base() -> Value {
    let json_body = |schema: &str| json!({ "required": true, "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } } });
    let reply = |schema: &str| json!({ "200": { "description": "OK", "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } } } });
    let id = json!({ "in": "path", "name": "thingId", "required": true, "schema": { "type": "string" } });
    document(
        json!({
            "/things": {
                "get": operation("list-things", json!({
                    "x-hoopai-paging": { "items": "things", "offset": "skip" },
                    "parameters": [
                        { "in": "query", "name": "limit", "schema": { "type": "integer" } },
                        { "in": "query", "name": "skip", "schema": { "type": "integer" } },
                        { "in": "query", "name": "status", "schema": { "type": "string", "enum": ["open", "closed"] } },
                        { "in": "header", "name": "x-trace", "schema": { "type": "string" } },
                    ],
                    "responses": reply("ThingList"),
                })),
                "post": operation("create-thing", json!({
                    "x-hoopai-idempotent": true,
                    "requestBody": json_body("NewThing"),
                    "responses": reply("Thing"),
                })),
            },
            "/things/{thingId}": {
                "get": operation("get-thing", json!({ "parameters": [id], "responses": reply("Thing") })),
                "delete": operation("delete-thing", json!({ "parameters": [id], "responses": reply("Deletion") })),
            },
            "/things/{thingId}/owner": {
                "get": operation("get-owner", json!({ "parameters": [id], "responses": reply("Owner") })),
            },
            "/files": { "post": operation("upload-file", json!({
                "x-hoopai-not-idempotent": "It adds a file.",
                "requestBody": { "required": true, "content": { "multipart/form-data": { "schema": { "type": "object", "properties": {
                    "file": { "type": "string", "format": "binary" }, "title": { "type": "string" },
                } } } } },
                "responses": reply("Thing"),
            })) },
        }),
        json!({
            "Thing": { "type": "object", "properties": {
                "id": { "type": "string" },
                "state": { "type": "string", "enum": ["new", "used", "sold"] },
                "size": { "type": "integer" },
                "at": { "type": "string" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "owner": { "$ref": "#/components/schemas/Owner" },
            } },
            "Owner": { "type": "object", "properties": { "ownerId": { "type": "string" }, "email": { "type": "string" } } },
            "NewThing": { "type": "object", "required": ["title"], "properties": {
                "title": { "type": "string" }, "size": { "type": "integer" }, "dueAt": { "type": "integer", "format": "unix-milliseconds" },
            } },
            "ThingList": { "type": "object", "properties": {
                "things": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } }, "total": { "type": "integer" },
            } },
            "Deletion": { "type": "object", "properties": { "success": { "type": "boolean" }, "name": { "$ref": "#/components/schemas/Owner" } } },
        }),
    )
}

fn list(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/things"]["get"]
}

fn create(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/things"]["post"]
}

fn fields<'a>(document: &'a mut Value, schema: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][schema]["properties"]
}

fn remove(object: &mut Value, key: &str) -> Value {
    object
        .as_object_mut()
        .and_then(|object| object.remove(key))
        .expect(key)
}

/// Appends an item to a list.
fn push(list: &mut Value, item: Value) {
    list.as_array_mut().expect("a list").push(item);
}

/// Gives a schema another name.
fn rename_schema(document: &mut Value, from: &str, to: &str) {
    let text = document.to_string();
    let text = text.replace(&format!("/schemas/{from}\""), &format!("/schemas/{to}\""));
    *document = serde_json::from_str(&text).expect("JSON");
    let schemas = &mut document["components"]["schemas"];
    schemas[to] = remove(schemas, from);
}

/// Gives a path another name.
fn rename_path(document: &mut Value, from: &str, to: &str) {
    let paths = &mut document["paths"];
    paths[to] = remove(paths, from);
}

/// All planted changes.
pub(crate) const ALL: &[Planted] = &[
    Planted {
        name: "operation added",
        edit: |document| {
            document["paths"]["/more"] = json!({ "get": operation("get-more", json!({})) });
        },
        expected: "added operation GET /more",
        program: "let _ = client.get_owner();",
        verdict: Compiles,
    },
    Planted {
        name: "operation removed",
        edit: |document| {
            remove(&mut document["paths"], "/things/{thingId}/owner");
        },
        expected: "removed operation GET /things/{thingId}/owner !",
        program: "let _ = client.get_owner();",
        verdict: Breaks,
    },
    Planted {
        name: "operation renamed by an overlay",
        edit: |document| {
            document["paths"]["/things/{thingId}/owner"]["get"]["x-hoopai-name"] =
                json!("get_thing_owner");
        },
        expected: "renamed operation GET /things/{thingId}/owner !",
        program: "let _ = client.get_owner();",
        verdict: Breaks,
    },
    Planted {
        name: "operation id changed, the method keeps its name",
        edit: |document| {
            let operation = &mut document["paths"]["/things/{thingId}/owner"]["get"];
            operation["operationId"] = json!("fetch-owner");
            operation["x-hoopai-name"] = json!("get_owner");
        },
        expected: "changed operation_id GET /things/{thingId}/owner",
        program: "let _ = client.get_owner();",
        verdict: Compiles,
    },
    Planted {
        name: "path changed, the method keeps its name",
        edit: |document| rename_path(document, "/things/{thingId}/owner", "/owners/{thingId}"),
        expected: "changed request GET /things/{thingId}/owner",
        program: "let _ = client.get_owner().thing_id(\"1\").send();",
        verdict: Compiles,
    },
    Planted {
        name: "path parameter renamed",
        edit: |document| {
            rename_path(document, "/things/{thingId}/owner", "/things/{id}/owner");
            document["paths"]["/things/{id}/owner"]["get"]["parameters"][0]["name"] = json!("id");
        },
        expected: "changed request GET /things/{thingId}/owner
            renamed parameter path thingId !
            changed wire_name path thingId",
        program: "let _ = client.get_owner().thing_id(\"1\").send();",
        verdict: Breaks,
    },
    Planted {
        name: "path parameter added",
        edit: |document| {
            rename_path(
                document,
                "/things/{thingId}/owner",
                "/things/{thingId}/owner/{kind}",
            );
            let parameter = json!({ "in": "path", "name": "kind", "required": true, "schema": { "type": "string" } });
            push(
                &mut document["paths"]["/things/{thingId}/owner/{kind}"]["get"]["parameters"],
                parameter,
            );
            document["paths"]["/things/{thingId}/owner/{kind}"]["get"]["x-hoopai-name"] =
                json!("get_owner");
        },
        expected: "changed request GET /things/{thingId}/owner
            added parameter path kind !",
        program: "let _ = client.get_owner().thing_id(\"1\").send();",
        verdict: IsRejected,
    },
    Planted {
        name: "query parameter added",
        edit: |document| {
            push(
                &mut list(document)["parameters"],
                json!({ "in": "query", "name": "sort", "schema": { "type": "string" } }),
            );
        },
        expected: "added parameter query sort",
        program: "let _ = client.list_things().limit(5).send();",
        verdict: Compiles,
    },
    Planted {
        name: "query parameter removed",
        edit: |document| {
            list(document)["parameters"]
                .as_array_mut()
                .expect("a list")
                .remove(0);
        },
        expected: "removed parameter query limit !",
        program: "let _ = client.list_things().limit(5).send();",
        verdict: Breaks,
    },
    Planted {
        name: "query parameter of another type",
        edit: |document| {
            list(document)["parameters"][0]["schema"] =
                json!({ "type": "array", "items": { "type": "string" } })
        },
        expected: "changed type query limit !",
        program: "let _ = client.list_things().limit(5).send();",
        verdict: Breaks,
    },
    Planted {
        name: "query parameter declared as required",
        edit: |document| list(document)["parameters"][0]["required"] = json!(true),
        expected: "changed declared_required query limit",
        program: "let _ = client.list_things().send();",
        verdict: Compiles,
    },
    Planted {
        name: "query parameter required by an overlay",
        edit: |document| {
            list(document)["x-hoopai-required"] = json!({ "limit": "A recorded 422." })
        },
        expected: "changed required query limit !",
        program: "let _ = client.list_things().send();",
        verdict: IsRejected,
    },
    Planted {
        name: "header became a query parameter",
        edit: |document| list(document)["parameters"][3]["in"] = json!("query"),
        expected: "changed location header x-trace",
        program: "let _ = client.list_things().x_trace(\"a\").send();",
        verdict: Compiles,
    },
    Planted {
        name: "value of a parameter's enum removed",
        edit: |document| list(document)["parameters"][2]["schema"]["enum"] = json!(["open"]),
        expected: "removed value closed !",
        program: "let _ = types::ThingStatus::Closed;",
        verdict: Breaks,
    },
    Planted {
        name: "parameter lost its enum",
        edit: |document| list(document)["parameters"][2]["schema"] = json!({ "type": "string" }),
        expected: "removed type ThingStatus !
            changed type query status !",
        program: "let _ = types::ThingStatus::Closed;",
        verdict: Breaks,
    },
    Planted {
        name: "list no longer pages",
        edit: |document| {
            let operation = list(document);
            remove(operation, "x-hoopai-paging");
            operation["x-hoopai-unpaged"] = json!("The offset is ignored.");
        },
        expected: "changed items GET /things !",
        program: "let _ = client.list_things().collect_all(5);",
        verdict: Breaks,
    },
    Planted {
        name: "paging by another parameter",
        edit: |document| {
            list(document)["x-hoopai-paging"] =
                json!({ "items": "things", "total": "total", "offset": "skip" });
        },
        expected: "changed paging GET /things",
        program: "let _ = client.list_things().collect_all(5);",
        verdict: Compiles,
    },
    Planted {
        name: "field added",
        edit: |document| fields(document, "Thing")["color"] = json!({ "type": "string" }),
        expected: "added field color",
        program: "let thing = types::Thing::new().id(\"1\"); let types::Thing { id, .. } = thing; let _ = id;",
        verdict: Compiles,
    },
    Planted {
        name: "field removed",
        edit: |document| {
            remove(fields(document, "Thing"), "size");
        },
        expected: "removed field size !",
        program: "let _: Option<i64> = types::Thing::new().size;",
        verdict: Breaks,
    },
    Planted {
        name: "field of another type",
        edit: |document| fields(document, "Thing")["size"] = json!({ "type": "string" }),
        expected: "changed type size !",
        program: "let _: Option<i64> = types::Thing::new().size;",
        verdict: Breaks,
    },
    Planted {
        name: "field became a list",
        edit: |document| {
            fields(document, "Owner")["email"] =
                json!({ "type": "array", "items": { "type": "string" } });
        },
        expected: "changed type email !",
        program: "let _: Option<String> = types::Owner::new().email;",
        verdict: Breaks,
    },
    Planted {
        name: "text became a moment",
        edit: |document| fields(document, "Thing")["at"]["format"] = json!("date-time"),
        expected: "changed type at !",
        program: "let _: Option<String> = types::Thing::new().at;",
        verdict: Breaks,
    },
    Planted {
        name: "form of a moment changed",
        edit: |document| fields(document, "NewThing")["dueAt"]["format"] = json!("unix-seconds"),
        expected: "changed wire_form dueAt",
        program: "let _ = types::CreateThingRequest::new().due_at(std::time::SystemTime::now());",
        verdict: Compiles,
    },
    Planted {
        name: "constraint changed",
        edit: |document| fields(document, "Thing")["id"]["maxLength"] = json!(24),
        expected: "",
        program: "let _ = types::Thing::new().id(\"1\");",
        verdict: Compiles,
    },
    Planted {
        name: "field declared as required",
        edit: |document| {
            push(
                &mut document["components"]["schemas"]["NewThing"]["required"],
                json!("size"),
            );
        },
        expected: "changed declared_required size",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: Compiles,
    },
    Planted {
        name: "field required by an overlay",
        edit: |document| {
            create(document)["x-hoopai-required"] = json!({ "size": "A recorded 422." })
        },
        expected: "changed required size !",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: IsRejected,
    },
    Planted {
        name: "name of a field on the wire changed",
        edit: |document| {
            let fields = fields(document, "Owner");
            fields["owner_id"] = remove(fields, "ownerId");
        },
        expected: "changed wire_name ownerId",
        program: "let _ = types::Owner::new().owner_id(\"1\");",
        verdict: Compiles,
    },
    Planted {
        name: "value added to an enum",
        edit: |document| {
            push(
                &mut fields(document, "Thing")["state"]["enum"],
                json!("lost"),
            )
        },
        expected: "added value lost",
        program: "if let types::ThingState::Used = types::ThingState::from(\"used\") {}",
        verdict: Compiles,
    },
    Planted {
        name: "value removed from an enum",
        edit: |document| fields(document, "Thing")["state"]["enum"] = json!(["new", "sold"]),
        expected: "removed value used !",
        program: "if let types::ThingState::Used = types::ThingState::from(\"used\") {}",
        verdict: Breaks,
    },
    Planted {
        name: "value of an enum spelt in another way",
        edit: |document| {
            fields(document, "Thing")["state"]["enum"] = json!(["new", "Used", "sold"])
        },
        expected: "changed wire_name used",
        program: "if let types::ThingState::Used = types::ThingState::from(\"used\") {}",
        verdict: Compiles,
    },
    Planted {
        name: "enum became text",
        edit: |document| fields(document, "Thing")["state"] = json!({ "type": "string" }),
        expected: "removed type ThingState !
            changed type state !",
        program: "let _ = types::Thing::new().state(types::ThingState::Used);",
        verdict: Breaks,
    },
    Planted {
        name: "schema renamed",
        edit: |document| rename_schema(document, "Owner", "Proprietor"),
        expected: "renamed type Owner !",
        program: "let _ = types::Owner::new();",
        verdict: Breaks,
    },
    Planted {
        name: "schema renamed, the overlay keeps the type's name",
        edit: |document| {
            rename_schema(document, "Owner", "Proprietor");
            document["components"]["schemas"]["Proprietor"]["x-hoopai-name"] = json!("Owner");
        },
        expected: "",
        program: "let _ = types::Owner::new();",
        verdict: Compiles,
    },
    Planted {
        name: "type renamed by an overlay",
        edit: |document| {
            document["components"]["schemas"]["NewThing"]["x-hoopai-name"] = json!("ThingDraft");
        },
        expected: "renamed type CreateThingRequest !",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: Breaks,
    },
    Planted {
        name: "schema renamed and changed",
        edit: |document| {
            rename_schema(document, "Owner", "Proprietor");
            fields(document, "Proprietor")["phone"] = json!({ "type": "string" });
        },
        expected: "renamed type Owner !
            added field phone",
        program: "let _ = types::Owner::new();",
        verdict: Breaks,
    },
    Planted {
        name: "reply of another type",
        edit: |document| {
            document["paths"]["/things/{thingId}/owner"]["get"]["responses"]["200"]["content"]["application/json"]
                ["schema"] = json!({ "$ref": "#/components/schemas/Thing" });
        },
        expected: "changed type GET /things/{thingId}/owner !",
        program: "let _ = async { client.get_owner().send().await.map(|reply| reply.email.clone()) };",
        verdict: Breaks,
    },
    Planted {
        name: "reply without content",
        edit: |document| {
            document["paths"]["/things/{thingId}/owner"]["get"]["responses"] =
                json!({ "204": { "description": "OK" } });
        },
        expected: "changed type GET /things/{thingId}/owner !",
        program: "let _ = async { client.get_owner().send().await.map(|reply| reply.email.clone()) };",
        verdict: Breaks,
    },
    Planted {
        name: "reply lost its success flag",
        edit: |document| {
            remove(fields(document, "Deletion"), "success");
        },
        expected: "removed field success !
            removed method is_success !",
        program: "let _ = types::DeleteThingResponse::new().is_success();",
        verdict: Breaks,
    },
    Planted {
        name: "body added",
        edit: |document| {
            document["components"]["schemas"]["Reason"] = json!({
                "type": "object", "required": ["text"], "properties": { "text": { "type": "string" } },
            });
            document["paths"]["/things/{thingId}"]["delete"]["requestBody"] = json!({
                "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Reason" } } },
            });
        },
        expected: "added body DELETE /things/{thingId} !
            added type DeleteThingRequest",
        program: "let _ = client.delete_thing().thing_id(\"1\").send();",
        verdict: IsRejected,
    },
    Planted {
        name: "body shared by a second operation, so that its type has the schema's name",
        edit: |document| {
            let body = create(document)["requestBody"].clone();
            document["paths"]["/things/{thingId}"]["delete"]["requestBody"] = body;
        },
        expected: "added body DELETE /things/{thingId} !
            renamed type CreateThingRequest !",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: Breaks,
    },
    Planted {
        name: "body removed",
        edit: |document| {
            remove(create(document), "requestBody");
        },
        expected: "removed body POST /things !
            removed type CreateThingRequest !",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: Breaks,
    },
    Planted {
        name: "body of another type",
        edit: |document| {
            create(document)["requestBody"]["content"]["application/json"]["schema"] =
                json!({ "$ref": "#/components/schemas/Thing" });
        },
        expected: "changed type POST /things !
            removed type CreateThingRequest !",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: Breaks,
    },
    Planted {
        name: "part of a multipart body removed",
        edit: |document| {
            let schema = &mut document["paths"]["/files"]["post"]["requestBody"]["content"]["multipart/form-data"]
                ["schema"];
            remove(&mut schema["properties"], "title");
        },
        expected: "removed parameter text title !",
        program: "let _ = client.upload_file().title(\"a\");",
        verdict: Breaks,
    },
    Planted {
        name: "operation deprecated",
        edit: |document| list(document)["deprecated"] = json!(true),
        expected: "changed deprecated GET /things",
        program: "let _ = client.list_things();",
        verdict: Compiles,
    },
    Planted {
        name: "scopes changed",
        edit: |document| {
            list(document)["security"] = json!([{ "Location-Access": ["things.readonly"] }])
        },
        expected: "changed scopes GET /things
            changed tokens GET /things",
        program: "let _ = client.list_things();",
        verdict: Compiles,
    },
    Planted {
        name: "retries of a write declared",
        edit: |document| {
            let operation = create(document);
            remove(operation, "x-hoopai-idempotent");
            operation["x-hoopai-not-idempotent"] = json!("It creates a second one.");
        },
        expected: "changed idempotent POST /things",
        program: "let _ = client.create_thing();",
        verdict: Compiles,
    },
    Planted {
        name: "version declared",
        edit: |document| {
            push(
                &mut list(document)["parameters"],
                json!({ "in": "header", "name": "Version", "required": true, "schema": { "type": "string", "enum": ["2021-04-15"] } }),
            );
        },
        expected: "changed version GET /things",
        program: "let _ = client.list_things();",
        verdict: Compiles,
    },
    Planted {
        name: "field included where it was referred to",
        edit: |document| {
            let owner = document["components"]["schemas"]["Owner"].clone();
            fields(document, "Thing")["owner"] = owner;
        },
        expected: "",
        program: "let _: Option<types::Owner> = types::Thing::new().owner;",
        verdict: Compiles,
    },
    Planted {
        name: "reference wrapped, and nullable",
        edit: |document| {
            fields(document, "Thing")["owner"] =
                json!({ "nullable": true, "allOf": [{ "$ref": "#/components/schemas/Owner" }] });
        },
        expected: "",
        program: "let _: Option<types::Owner> = types::Thing::new().owner;",
        verdict: Compiles,
    },
    Planted {
        name: "integer became a number, which is whole by its name",
        edit: |document| fields(document, "Thing")["size"] = json!({ "type": "number" }),
        expected: "",
        program: "let _: Option<i64> = types::Thing::new().size;",
        verdict: Compiles,
    },
    Planted {
        name: "field lost its type",
        edit: |document| fields(document, "Thing")["at"] = json!({}),
        expected: "changed type at !",
        program: "let _: Option<String> = types::Thing::new().at;",
        verdict: Breaks,
    },
    Planted {
        name: "schema divided by allOf",
        edit: |document| {
            let schemas = &mut document["components"]["schemas"];
            schemas["OwnerBase"] =
                json!({ "type": "object", "properties": { "email": { "type": "string" } } });
            schemas["Owner"] = json!({ "allOf": [
                { "$ref": "#/components/schemas/OwnerBase" },
                { "type": "object", "properties": { "ownerId": { "type": "string" } } },
            ] });
        },
        expected: "",
        program: "let _ = types::Owner::new().email(\"a\").owner_id(\"1\");",
        verdict: Compiles,
    },
    Planted {
        name: "schemas that exchanged their names",
        edit: |document| {
            rename_schema(document, "Owner", "Other");
            rename_schema(document, "Deletion", "Owner");
            rename_schema(document, "Other", "Deletion");
        },
        expected: "renamed type Owner !",
        program: "let _ = types::Owner::new().email(\"a\");",
        verdict: Breaks,
    },
    Planted {
        name: "reply became a list",
        edit: |document| {
            document["paths"]["/things/{thingId}/owner"]["get"]["responses"]["200"]["content"]["application/json"]
                ["schema"] =
                json!({ "type": "array", "items": { "$ref": "#/components/schemas/Owner" } });
        },
        expected: "changed type GET /things/{thingId}/owner !",
        program: "let _ = async { client.get_owner().send().await.map(|reply| reply.email.clone()) };",
        verdict: Breaks,
    },
    Planted {
        name: "multipart body became JSON",
        edit: |document| {
            let content = &mut document["paths"]["/files"]["post"]["requestBody"]["content"];
            let media_type = remove(content, "multipart/form-data");
            content["application/json"] = media_type;
        },
        expected: "added body POST /files !
            added type UploadFileRequest
            changed parts POST /files !
            removed parameter part file !
            removed parameter text title !",
        program: "let _ = client.upload_file().title(\"a\");",
        verdict: Breaks,
    },
    Planted {
        name: "body no longer required",
        edit: |document| create(document)["requestBody"]["required"] = json!(false),
        expected: "changed required POST /things",
        program: "let _ = client.create_thing().body(types::CreateThingRequest::new());",
        verdict: Compiles,
    },
    Planted {
        name: "another method, the Rust method keeps its name",
        edit: |document| {
            let item = &mut document["paths"]["/things/{thingId}/owner"];
            let mut operation = remove(item, "get");
            operation["x-hoopai-idempotent"] = json!(true);
            item["post"] = operation;
        },
        expected: "changed request GET /things/{thingId}/owner",
        program: "let _ = client.get_owner().thing_id(\"1\").send();",
        verdict: Compiles,
    },
    Planted {
        name: "enum of a field moved into a schema",
        edit: |document| {
            let state = fields(document, "Thing")["state"].take();
            document["components"]["schemas"]["Condition"] = state;
            fields(document, "Thing")["state"] =
                json!({ "$ref": "#/components/schemas/Condition" });
        },
        expected: "renamed type ThingState !",
        program: "let _ = types::ThingState::Used;",
        verdict: Breaks,
    },
    Planted {
        name: "items of a list of another type",
        edit: |document| fields(document, "Thing")["tags"]["items"] = json!({ "type": "integer" }),
        expected: "changed type tags !",
        program: "let _: Option<Vec<String>> = types::Thing::new().tags;",
        verdict: Breaks,
    },
    Planted {
        name: "field renamed to a reserved word",
        edit: |document| {
            let fields = fields(document, "Thing");
            fields["type"] = remove(fields, "size");
        },
        expected: "added field type
            removed field size !",
        program: "let _: Option<i64> = types::Thing::new().size;",
        verdict: Breaks,
    },
    Planted {
        name: "schema that contains itself",
        edit: |document| {
            fields(document, "Thing")["parent"] = json!({ "$ref": "#/components/schemas/Thing" })
        },
        expected: "added field parent",
        program: "let _ = types::Thing::new().id(\"1\");",
        verdict: Compiles,
    },
    Planted {
        name: "success became another status",
        edit: |document| {
            let responses = &mut document["paths"]["/things/{thingId}/owner"]["get"]["responses"];
            responses["201"] = remove(responses, "200");
            responses["4XX"] = json!({ "description": "No such thing." });
        },
        expected: "",
        program: "let _ = async { client.get_owner().send().await.map(|reply| reply.email.clone()) };",
        verdict: Compiles,
    },
    Planted {
        name: "path parameter became a number",
        edit: |document| {
            document["paths"]["/things/{thingId}/owner"]["get"]["parameters"][0]["schema"] =
                json!({ "type": "integer" });
        },
        expected: "changed type path thingId !",
        program: "let _ = client.get_owner().thing_id(\"1\").send();",
        verdict: Breaks,
    },
    Planted {
        name: "tags and servers changed",
        edit: |document| {
            let operation = list(document);
            operation["tags"] = json!(["Others"]);
            operation["servers"] = json!([{ "url": "https://example.com" }]);
        },
        expected: "",
        program: "let _ = client.list_things();",
        verdict: Compiles,
    },
    Planted {
        name: "field deprecated",
        edit: |document| fields(document, "Thing")["size"]["deprecated"] = json!(true),
        expected: "",
        program: "let _ = types::Thing::new().size(1);",
        verdict: Compiles,
    },
    Planted {
        name: "parameter that allows several types",
        edit: |document| {
            list(document)["parameters"][0]["schema"] =
                json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] });
        },
        expected: "changed type query limit !",
        program: "let _ = client.list_things().limit(std::num::NonZeroI64::MIN).send();",
        verdict: Breaks,
    },
];
