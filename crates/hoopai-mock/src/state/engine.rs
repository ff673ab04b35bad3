//! Does what the tables say.

use serde_json::{Map, Value, json};

use super::answer::{missing, put};
use super::choose::{plain, shares};
use super::chosen::Chosen;
use super::collection::{Act, Collection, Ids, Row, Scope, Unique};
use super::store::{Fields, Found, Store};
use super::{make, tables};
use crate::account::{AccountId, COMPANY, LOCATION, USER};
use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::exchange::Reply;
use crate::interface::Operation;
use crate::interface::schema_view::{alt_id_is_account, keys};
use crate::reply::from_schema;
use crate::tokens::{Claims, Reach};

/// One request for a collection.
pub(super) struct Call<'a> {
    pub(super) operation: &'a Operation,
    pub(super) accepted: &'a ParsedRequest,
    pub(super) claims: &'a Claims,
    /// Whether the operation is about the data of an agency.
    pub(super) agency_only: bool,
    pub(super) row: &'static Row,
    /// The collection's number in the tables.
    pub(super) number: usize,
    pub(super) collection: &'static Collection,
    /// Milliseconds since 1970.
    pub(super) now: u64,
    pub(super) store: &'a mut Store,
}

pub(super) type Answer = Result<Reply, ApiError>;

impl Call<'_> {
    pub(super) fn answer(&mut self) -> Answer {
        self.introduce();
        self.act(self.row.act)
    }

    fn act(&mut self, act: Act) -> Answer {
        match act {
            Act::List => self.list(),
            Act::Get => {
                let found = self.wanted()?;
                self.about(&found, false)
            }
            Act::GetBy(fields) => {
                let found = self.having(fields)?;
                self.about(&found, false)
            }
            Act::Exists => {
                self.wanted()?;
                let seed = self.store.seed();
                Ok(from_schema(self.operation, self.accepted, seed, 0))
            }
            Act::Create => {
                let found = self.create(self.body())?;
                self.about(&found, true)
            }
            Act::CreateAll => self.create_all(),
            Act::Update => {
                let found = self.wanted()?;
                let found = self.update(found)?;
                self.about(&found, false)
            }
            Act::Touch => self.alter(Map::new()),
            Act::Clear(field) => self.alter(Map::from_iter([(field.to_owned(), Value::Null)])),
            Act::Upsert => match self.same()? {
                Some(found) => {
                    let found = self.update(found)?;
                    self.about(&found, false)
                }
                None => {
                    let found = self.create(self.body())?;
                    self.about(&found, true)
                }
            },
            Act::Delete => {
                let found = self.wanted()?;
                self.delete(&found);
                self.about(&found, false)
            }
            Act::DeleteAll => self.on_all(|call, found| call.delete(&found)),
            Act::UpdateAll(names) => self.update_all(names),
            Act::UpdateEach(key) => self.update_each(key),
            Act::Add { field, told } => self.members(field, told, true),
            Act::Remove { field, told } => self.members(field, told, false),
            Act::Join(join) => self.join(join),
            Act::NextNumber => {
                let scope = self.scope()?;
                let number = make::next_number(self.store, self.number, self.collection, &scope);
                self.reply(number.into(), None, false, 0, Map::new())
            }
            Act::By(parameter, acts) => {
                let value = self.accepted.any(parameter).map(plain).unwrap_or_default();
                let named = acts.iter().find(|(name, _)| *name == value);
                let (_, act) = named
                    .ok_or_else(|| ApiError::bad_request(format!("Invalid {parameter} {value}")))?;
                self.act(*act)
            }
            Act::FindBy(pairs) => self.find_by(pairs),
            Act::Special(special) => self.special(special),
        }
    }

    /// Locations and users that exist without having been made.
    fn introduce(&mut self) {
        let mut ids = match self.collection.name {
            "locations" => vec![LOCATION.to_owned()],
            "users" => vec![USER.to_owned()],
            _ => return,
        };
        if let ("locations", AccountId::Location(own)) =
            (self.collection.name, &self.claims.account)
        {
            ids.push(own.clone());
        }
        for id in ids {
            if self.store.first_heard(self.number, &id)
                && self.store.find(self.number, &id).is_none()
            {
                let fields = tables::known(self.collection, &id);
                let at = self.now.saturating_sub(1000);
                make::named(
                    self.store,
                    self.number,
                    self.collection,
                    COMPANY,
                    (at, id),
                    fields,
                );
            }
        }
    }

    /// The location, or company, that the request is about, if it says.
    fn named_scope(&self) -> Option<String> {
        let names: &[&str] = match self.collection.scope {
            Scope::Location => &["locationId", "location_id", "altId"],
            Scope::Company => &["companyId"],
        };
        let is_place = |name: &str| name != "altId" || alt_id_is_account(self.operation);
        let named = names
            .iter()
            .filter(|name| is_place(name))
            .find_map(|name| self.accepted.any(name)?.as_str());
        named.filter(|id| !id.is_empty()).map(str::to_owned)
    }

    /// The location or company of the request: the one that it names, or else the token's. An agency's token has no location.
    pub(super) fn scope(&self) -> Result<String, ApiError> {
        let own = match (&self.claims.account, self.collection.scope) {
            (AccountId::Location(id), Scope::Location)
            | (AccountId::Company(id), Scope::Company) => Some(id.as_str()),
            (AccountId::Location(_), Scope::Company) => Some(COMPANY),
            (_, Scope::Location) => self.claims.is_for_everything().then_some(LOCATION),
        };
        let own = own.filter(|_| !self.row.placed);
        let scope = self.named_scope().or_else(|| own.map(str::to_owned));
        let scope = scope.ok_or_else(ApiError::no_location)?;
        self.may_enter(&scope)?;
        Ok(scope)
    }

    /// What is sent of the item.
    pub(super) fn body(&self) -> Fields {
        let body = self.accepted.body.as_ref().and_then(Value::as_object);
        body.cloned().unwrap_or_default()
    }

    /// Fields of the body that the interface does not declare. There are some only where the server accepts them.
    pub(super) fn undeclared(&self) -> Fields {
        let body = self.operation.body.as_ref();
        let declared = body.and_then(|body| keys(self.operation, &body.schema));
        let mut fields = self.body();
        fields.retain(|name, _| {
            declared
                .as_ref()
                .is_some_and(|declared| !declared.contains(&name.as_str()))
        });
        fields
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.accepted.any(name).and_then(Value::as_str)
    }

    /// Changes these fields of an item, and those that the row sets.
    fn alter(&mut self, mut fields: Fields) -> Answer {
        let found = self.wanted()?;
        self.set(&mut fields);
        let found = self.change(found, fields);
        self.about(&found, false)
    }

    /// Changes fields of an item. Those of what exists everywhere stay as they are.
    pub(super) fn change(&mut self, mut found: Found, fields: Fields) -> Found {
        if self.collection.has_standard(&found.id) {
            found.fields.extend(fields);
            return found;
        }
        make::change(
            self.store,
            self.number,
            self.collection,
            found,
            fields,
            self.now,
        )
    }

    /// The item that the request names; it must have what the row demands.
    pub(super) fn wanted(&mut self) -> Result<Found, ApiError> {
        let found = if self.collection.single {
            self.only_one()?.ok_or_else(|| missing(self.collection, ""))
        } else {
            self.by_id()
        }?;
        match self.row.only {
            Some((field, value)) if found.fields.get(field) != Some(&json!(value)) => {
                Err(missing(self.collection, &found.id))
            }
            _ => Ok(found),
        }
    }

    /// What a location has one of at most.
    fn only_one(&self) -> Result<Option<Found>, ApiError> {
        let shelf = self.store.shelf(self.number, &self.scope()?);
        let id = shelf.and_then(|shelf| Some(shelf.last_key_value()?.1.id().to_owned()));
        id.map(|id| self.find(&id)).transpose()
    }

    /// The first that has in one of these fields what the request says.
    fn having(&self, fields: &'static [&'static str]) -> Result<Found, ApiError> {
        let wanted = self.text(self.row.by).unwrap_or_default();
        let shelf = self.store.shelf(self.number, &self.scope()?);
        let mut likely = shelf
            .into_iter()
            .flatten()
            .filter(|(_, item)| item.may_have(wanted));
        let has = |found: &Fields| {
            let held = |field: &&str| found.get(*field).and_then(Value::as_str);
            fields.iter().filter_map(held).any(|held| held == wanted)
        };
        let id = likely
            .find(|(_, item)| has(&item.fields()))
            .map(|(_, item)| item.id());
        self.find(id.ok_or_else(|| missing(self.collection, wanted))?)
    }

    fn by_id(&mut self) -> Result<Found, ApiError> {
        let id = self.text(self.row.by).unwrap_or_default().to_owned();
        if let Some(parent) = self.collection.parent
            && let Some(named) = self.accepted.path(parent.parameter)
        {
            let found = self.find(&id).and_then(|found| {
                let own = found.fields.get(parent.field).and_then(Value::as_str);
                match own == Some(named) {
                    true => Ok(found),
                    false => Err(missing(self.collection, &id)),
                }
            });
            if found.is_err() {
                self.parent(named)?;
            }
            return found;
        }
        let found = self.find(&id);
        if found.is_ok() || self.row.or_in.is_empty() {
            return found;
        }
        let own = (self.number, self.collection);
        (self.number, self.collection) = tables::named(self.row.or_in);
        let other = self.find(&id);
        if other.is_err() {
            (self.number, self.collection) = own;
        }
        other.or(found)
    }

    /// An item of this collection that the token may see.
    pub(super) fn find(&self, id: &str) -> Result<Found, ApiError> {
        if let Some(fields) = tables::standard(self.collection, id) {
            return Ok(Found {
                id: id.to_owned(),
                scope: self.scope()?.into(),
                at: 0,
                fields,
            });
        }
        let found = self.look_up(self.number, self.collection, id)?;
        let found = found.ok_or_else(|| missing(self.collection, id))?;
        if self
            .named_scope()
            .is_some_and(|scope| *scope != *found.scope)
            && !self.is_self(&found)
        {
            return Err(missing(self.collection, id));
        }
        self.may_see(&found)?;
        Ok(found)
    }

    fn look_up(
        &self,
        number: usize,
        collection: &Collection,
        id: &str,
    ) -> Result<Option<Found>, ApiError> {
        Ok(match collection.ids {
            Ids::Given => self.store.find_in(number, &self.scope()?, id),
            _ => self.store.find(number, id),
        })
    }

    /// Locations are named by their own id.
    fn is_self(&self, found: &Found) -> bool {
        self.collection.name == "locations" && self.text("locationId") == Some(found.id.as_str())
    }

    /// Refuses an item of a location for which the token is not valid.
    pub(super) fn may_see(&self, found: &Found) -> Result<(), ApiError> {
        self.may_enter(&found.scope)?;
        match self.own_share() {
            Some(own) if !shares(&found.fields, self.collection.shared_with, own) => {
                Err(ApiError::other_location(self.operation))
            }
            _ => Ok(()),
        }
    }

    /// The location to whose share of the company's items the token is restricted; `None` if it is not restricted.
    fn own_share(&self) -> Option<&str> {
        match (&self.claims.account, self.claims.reach) {
            (AccountId::Location(own), Reach::Own) if !self.collection.shared_with.is_empty() => {
                Some(own)
            }
            _ => None,
        }
    }

    /// Refuses a location, or a company, for which the token is not valid.
    fn may_enter(&self, scope: &str) -> Result<(), ApiError> {
        let is_own = match (
            self.collection.scope,
            self.claims.location(self.agency_only),
        ) {
            (Scope::Location, Some(own)) => own == scope,
            (Scope::Location, None) => self
                .claims
                .company()
                .is_none_or(|own| own == self.company_of(scope)),
            (Scope::Company, _) => self.claims.company().is_none_or(|own| own == scope),
        };
        if is_own {
            Ok(())
        } else {
            Err(ApiError::other_location(self.operation))
        }
    }

    /// The company that a location belongs to.
    fn company_of(&self, location: &str) -> String {
        let (number, _) = tables::named("locations");
        let found = self.store.find(number, location);
        found.map_or_else(|| COMPANY.to_owned(), |found| found.scope.to_string())
    }

    /// What the path says that the items belong to; it must be there.
    fn parent_in_path(&self) -> Result<Option<String>, ApiError> {
        let Some(parent) = self.collection.parent else {
            return Ok(None);
        };
        let Some(id) = self.accepted.path(parent.parameter).map(str::to_owned) else {
            return Ok(None);
        };
        self.parent(&id)?;
        Ok(Some(id))
    }

    /// What an item belongs to; nothing where that exists everywhere.
    fn parent(&self, id: &str) -> Result<Option<Found>, ApiError> {
        let Some(parent) = self.collection.parent else {
            return Ok(None);
        };
        let (number, collection) = tables::named(parent.collection);
        if collection.has_standard(id) {
            return Ok(None);
        }
        let found = self.look_up(number, collection, id)?;
        let found = found.ok_or_else(|| missing(collection, id))?;
        self.may_see(&found)?;
        Ok(Some(found))
    }

    pub(super) fn create(&mut self, mut fields: Fields) -> Result<Found, ApiError> {
        for name in self.row.takes {
            if let Some(value) = self.accepted.any(name) {
                fields.insert((*name).to_owned(), value.clone());
            }
        }
        let mut scope = match self.row.placed {
            true => Some(self.scope()?),
            false => None,
        };
        if let Some(parent) = self.collection.parent
            && let Some(id) = self.text(parent.parameter).map(str::to_owned)
        {
            if let Some(found) = self.parent(&id)? {
                if self
                    .named_scope()
                    .is_some_and(|scope| *scope != *found.scope)
                {
                    return Err(missing(tables::named(parent.collection).1, &id));
                }
                scope = Some(found.scope.to_string());
            }
            fields.insert(parent.field.to_owned(), id.into());
        }
        let scope = match scope {
            Some(scope) => scope,
            None => self.scope()?,
        };
        self.check_unique(&scope, &fields, None)?;
        self.set(&mut fields);
        Ok(make::item(
            self.store,
            self.number,
            self.collection,
            &scope,
            self.now,
            fields,
        ))
    }

    fn update(&mut self, found: Found) -> Result<Found, ApiError> {
        let mut fields = self.body();
        for name in self
            .accepted
            .path
            .keys()
            .map(String::as_str)
            .chain(["locationId", "altId"])
        {
            fields.remove(name);
        }
        self.check_unique(&found.scope.clone(), &fields, Some(&found.id))?;
        self.set(&mut fields);
        Ok(self.change(found, fields))
    }

    fn set(&mut self, fields: &mut Fields) {
        for (field, value) in self.row.sets {
            let value = value.json(self.store, self.now);
            fields.insert((*field).to_owned(), value);
        }
    }

    /// The item that an upsert is about.
    fn same(&self) -> Result<Option<Found>, ApiError> {
        if self.collection.single {
            return self.only_one();
        }
        let (scope, fields) = (self.scope()?, self.body());
        if !self.row.by.is_empty()
            && let Some(id) = self.text(self.row.by)
        {
            return self.find(id).map(Some);
        }
        let unique = self.collection.unique.fields().iter();
        let owner = unique
            .filter_map(|field| self.store.owner(self.number, &scope, field, &fields))
            .next();
        Ok(owner.and_then(|id| self.store.find(self.number, &id)))
    }

    fn check_unique(
        &self,
        scope: &str,
        fields: &Fields,
        own: Option<&str>,
    ) -> Result<(), ApiError> {
        if let Unique::Together(names, words) = self.collection.unique {
            let first = fields.get(names[0]).map(plain).unwrap_or_default();
            let shelf = self.store.shelf(self.number, scope);
            let mut likely = shelf
                .into_iter()
                .flatten()
                .filter(|(_, item)| item.may_have(&first));
            let same = |other: &Fields| {
                names
                    .iter()
                    .all(|name| other.get(*name) == fields.get(*name))
            };
            if own.is_none() && likely.any(|(_, item)| same(&item.fields())) {
                return Err(ApiError::bad_request(format!("{words} {first}")));
            }
        }
        for field in self.collection.unique.fields() {
            let owner = self.store.owner(self.number, scope, field, fields);
            let Some(owner) = owner.filter(|owner| own != Some(owner.as_str())) else {
                continue;
            };
            match self.collection.unique {
                Unique::Contact(_) if !self.allows_duplicates(scope) => {
                    let other = self.store.find(self.number, &owner);
                    let name = other.map(|other| super::derive::full_name(&other.fields));
                    let mut refusal =
                        ApiError::bad_request("This location does not allow duplicated contacts.");
                    refusal.body["meta"] = json!({
                        "contactId": owner,
                        "contactName": name.unwrap_or_default(),
                        "matchingField": field,
                    });
                    return Err(refusal);
                }
                Unique::Words(_, words) => return Err(ApiError::bad_request(words)),
                _ => {}
            }
        }
        Ok(())
    }

    fn allows_duplicates(&self, location: &str) -> bool {
        let (number, _) = tables::named("locations");
        let location = self.store.find(number, location);
        let setting = location.and_then(|found| {
            found
                .fields
                .get("settings")?
                .get("allowDuplicateContact")?
                .as_bool()
        });
        setting == Some(true)
    }

    /// Takes an item away, and all that belongs to it.
    pub(super) fn delete(&mut self, found: &Found) {
        self.store
            .remove(self.collection, self.number, &found.scope, &found.id);
        let mut gone = vec![(self.collection.name, Box::from(found.id.as_str()))];
        while let Some((name, id)) = gone.pop() {
            for (number, child) in tables::children(name) {
                let ids = self.store.remove_children(number, &found.scope, &id);
                gone.extend(ids.into_iter().map(|id| (child.name, id)));
            }
        }
    }

    fn find_by(&mut self, pairs: &'static [(&'static str, &'static str)]) -> Answer {
        let scope = self.scope()?;
        let owner = pairs.iter().find_map(|(parameter, field)| {
            let fields =
                Map::from_iter([((*field).to_owned(), self.accepted.any(parameter)?.clone())]);
            self.store.owner(self.number, &scope, field, &fields)
        });
        let found = owner.and_then(|id| self.store.find(self.number, &id));
        match found {
            Some(found) => self.about(&found, false),
            None => self.reply(
                Value::Null,
                None,
                false,
                0,
                Map::from_iter([(self.row.at.to_owned(), Value::Null)]),
            ),
        }
    }

    fn list(&mut self) -> Answer {
        let parent = self.parent_in_path()?;
        let scope = match (&parent, self.collection.parent) {
            (Some(id), Some(_)) => match self.parent(id)? {
                Some(found) => found.scope.to_string(),
                None => self.scope()?,
            },
            _ => self.scope()?,
        };
        let mut choice = self.choice(&scope, parent)?;
        if let Some(own) = self.own_share() {
            choice.add_share(self.collection.shared_with, own);
        }
        let view = |fields| self.view(fields);
        let all = Chosen::of(self.store.shelf(self.number, &scope), &choice, &view);
        let page = self.row.paging.cut(self.accepted, &all)?;
        let mut items = Vec::with_capacity(page.items.len());
        let mut last = None;
        for at in &page.items {
            if let Some(found) = self.store.at(self.number, &scope, *at) {
                let mut item = self.show(&found);
                self.row.paging.mark(&mut item, &found);
                items.push(item);
                last = Some(found);
            }
        }
        let mut reply = Value::Object(Map::new());
        for (path, tell) in self.row.paging.tells {
            let value = page.tell(*tell, last.as_ref(), self.operation, self.accepted);
            put(&mut reply, path, value);
        }
        let fields = reply.as_object().cloned().unwrap_or_default();
        self.reply(Value::Array(items), None, false, page.total, fields)
    }
}
