//! `hoopai export` and `hoopai import`, against the mock server.

use std::fs;

use hoopai_mock::{LOCATION, Mock, TOKEN};
use serde_json::json;

use crate::program::Program;

/// Runs a test with a mock server and a program for it.
fn with_mock(test: impl FnOnce(&Mock, &Program)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mock = runtime.block_on(Mock::builder().start()).unwrap();
    let program = Program::new()
        .with("HOOPAI_BASE_URL", &mock.url())
        .with("HOOPAI_TOKEN", TOKEN)
        .with("HOOPAI_LOCATION_ID", LOCATION);
    test(&mock, &program);
}

#[test]
fn export_writes_lists_with_their_children() {
    with_mock(|mock, program| {
        let contacts = mock.seed().items("contacts", LOCATION, 7);
        mock.seed().items_of("notes", LOCATION, &contacts[3], 2);
        let folder = program.directory().join("backup");
        let folder = folder.to_str().unwrap();
        let arguments = [
            "export",
            "contacts.search_contacts",
            "--to",
            folder,
            "--children",
            "--format",
            "csv",
        ];
        let report = program.run(&arguments).expect(0).json();
        assert_eq!(report["complete"], true);
        assert_eq!(report["files"][0]["name"], "contacts-search_contacts");
        assert_eq!(report["files"][0]["rows"], 7);
        assert_eq!(report["files"][1]["rows"], 2);
        let csv = fs::read_to_string(report["files"][0]["csv"].as_str().unwrap()).unwrap();
        assert!(csv.contains(&contacts[3]), "{csv}");

        let requests = mock.journal().count();
        let status = program
            .run(&["export", "--status", folder])
            .expect(0)
            .json();
        assert_eq!(status["files"][0]["rows"], 7);
        program.run(&arguments).expect(0);
        assert_eq!(mock.journal().count(), requests);

        let other = program.run(&["export", "links.search_links", "--to", folder]);
        assert!(other.expect(2).err.contains("with the lists"));
    });
}

#[test]
fn copy_is_brought_up_to_date_and_verified() {
    with_mock(|mock, program| {
        mock.seed().items("contacts", LOCATION, 120);
        let folder = program.directory().join("copy");
        let folder = folder.to_str().unwrap();
        let arguments = [
            "sync",
            "contacts.search_contacts",
            "--to",
            folder,
            "--format",
            "csv",
        ];
        let report = program.run(&arguments).expect(0).json();
        assert_eq!(report["complete"], true);
        let list = &report["lists"][0];
        assert_eq!((&list["full"], &list["added"]), (&true.into(), &120.into()));
        let csv = fs::read_to_string(list["csv"].as_str().unwrap()).unwrap();
        assert_eq!(csv.lines().count(), 121);

        mock.seed().items("contacts", LOCATION, 1);
        let report = program.run(&arguments).expect(0).json();
        let list = &report["lists"][0];
        assert_eq!((&list["full"], &list["added"]), (&false.into(), &1.into()));
        assert_eq!(list["rows"], 121);

        let report = program.run(&["verify", folder]).expect(0).json();
        assert_eq!(report["files"][0]["rows"], 121);
        fs::write(format!("{folder}/records.sqlite"), [1; 8192]).unwrap();
        program.run(&["verify", folder]).expect(1);
    });
}

#[test]
fn export_and_copy_report_their_progress_and_are_paused() {
    with_mock(|mock, program| {
        mock.seed().items("contacts", LOCATION, 230);
        let path = |name: &str| program.directory().join(name).to_str().unwrap().to_owned();
        for (command, folder) in [("export", path("backup")), ("sync", path("copy"))] {
            let arguments = [
                command,
                "contacts.search_contacts",
                "--to",
                &folder,
                "--share",
                "50%",
                "--until",
                "23:59",
                "--events",
            ];
            let ended = program.run(&arguments).expect(0);
            let events: Vec<serde_json::Value> = ended
                .err
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let last = events.last().unwrap();
            assert_eq!(last["event"], "progress");
            assert_eq!((&last["rows"], &last["total"]), (&230.into(), &230.into()));
            assert_eq!(last["secondsLeft"], 0);
            assert_eq!(last["location"], LOCATION);
            assert_eq!(ended.json()["complete"], true);

            let paused = program.run(&[command, "--pause", &folder]).expect(0);
            assert_eq!(paused.json()["paused"], folder.as_str());
            let quiet = program.run(&arguments[..4]).expect(0);
            assert_eq!(
                (quiet.err.as_str(), &quiet.json()["complete"]),
                ("", &true.into())
            );
            program.run(&[command, "--pause", &path("none")]).expect(2);
        }
        let names = program.run(&["export", "--lists"]).expect(0).json();
        assert!(names.as_array().unwrap().len() >= 80, "{names}");
    });
}

#[test]
fn export_that_is_stopped_says_so_and_is_not_verified() {
    with_mock(|mock, program| {
        mock.seed().items("contacts", LOCATION, 230);
        let folder = program.directory().join("backup");
        let folder = folder.to_str().unwrap();
        let arguments = ["export", "contacts.search_contacts", "--to", folder];
        // One call in 10 s.
        let slow = [&arguments[..], &["--share", "1%"]].concat();
        let ended = std::thread::scope(|scope| {
            let run = scope.spawn(|| program.run(&slow));
            while mock.journal().count() == 0 {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            program.run(&["export", "--pause", folder]).expect(0);
            run.join().unwrap().expect(0)
        });
        assert!(ended.err.contains("repeat the command"), "{}", ended.err);
        assert_eq!(ended.json()["complete"], false);
        let verified = program.run(&["verify", folder]).expect(8);
        assert!(verified.err.contains("not complete"), "{}", verified.err);
        assert_eq!(verified.json()["intact"], true);

        assert_eq!(program.run(&arguments).expect(0).err, "");
        program.run(&["verify", folder]).expect(0);
    });
}

#[test]
fn verify_names_changed_files() {
    with_mock(|mock, program| {
        mock.seed().items("contacts", LOCATION, 5);
        let folder = program.directory().join("backup");
        let folder = folder.to_str().unwrap();
        let arguments = ["export", "contacts.search_contacts", "--to", folder];
        #[cfg(feature = "parquet")]
        let arguments = [&arguments[..], &["--format", "parquet"]].concat();
        let report = program.run(&arguments).expect(0).json();
        #[cfg(feature = "parquet")]
        assert!(fs::exists(report["files"][0]["parquet"].as_str().unwrap()).unwrap());
        let verified = program.run(&["verify", folder]).expect(0).json();
        assert_eq!(verified["intact"], true);

        let file = report["files"][0]["path"].as_str().unwrap();
        fs::write(file, "").unwrap();
        let ended = program.run(&["verify", folder]).expect(8);
        assert!(ended.out.contains("truncated"), "{}", ended.out);
        assert!(ended.err.contains("1 file"), "{}", ended.err);
    });
}

#[test]
fn export_that_cannot_be_planned_sends_nothing() {
    with_mock(|mock, program| {
        let folder = program.directory().join("backup");
        let folder = folder.to_str().unwrap();
        for (arguments, part) in [
            (&["contacts.serch_contacts"][..], "search_contacts"),
            (&["contacts.get_contact"], "cannot be exported"),
            (&["contacts.list_contacts", "--param", "limt=3"], "limt"),
            (&["contacts.list_contacts", "--param", "limit=x"], "limit"),
        ] {
            let all = [&["export", "--to", folder][..], arguments].concat();
            let ended = program.run(&all).expect(2);
            assert!(ended.err.contains(part), "{}", ended.err);
        }
        program.run(&["export", "--status", folder]).expect(2);
        assert_eq!(mock.journal().count(), 0);
    });
}

#[test]
fn import_ends_with_the_code_of_partial_failure() {
    with_mock(|mock, program| {
        let path = |name: &str| program.directory().join(name).to_str().unwrap().to_owned();
        fs::write(
            path("rows.csv"),
            "mail,name\na@example.com,A\nb@example.com,B\n,C\n",
        )
        .unwrap();
        fs::write(
            path("map.json"),
            json!({ "email": "mail", "firstName": "name" }).to_string(),
        )
        .unwrap();
        let (rows, map, job) = (path("rows.csv"), path("map.json"), path("job"));
        let arguments = [
            "import",
            &rows,
            "--operation",
            "contacts.upsert_contact",
            "--map",
            &map,
            "--to",
            &job,
        ];
        let check = program.run(&[&arguments[..], &["--dry-run"]].concat());
        let check = check.expect(8).json();
        assert_eq!((&check["rows"], &check["rejected"]), (&3.into(), &1.into()));
        assert_eq!(check["firstRejections"][0]["row"], 3);
        assert_eq!(mock.journal().count(), 0);

        let stopped = program.run(&[&arguments[..], &["--max-errors", "0"]].concat());
        stopped.expect(8);
        assert_eq!(mock.journal().count(), 0);

        let report = program.run(&arguments).expect(8).json();
        assert_eq!(
            (&report["done"], &report["rejected"]),
            (&2.into(), &1.into())
        );
        assert_eq!(mock.journal().of("contacts.upsert-contact").len(), 2);
        let rejected = fs::read_to_string(path("job/rejected.ndjson")).unwrap();
        assert!(rejected.contains("\"row\":3"), "{rejected}");
    });
}

#[test]
fn import_shows_its_state_continues_and_is_undone() {
    with_mock(|mock, program| {
        let path = |name: &str| program.directory().join(name).to_str().unwrap().to_owned();
        let plan = mock.seed().item(
            "custom-fields",
            LOCATION,
            &json!({ "name": "Plan", "model": "contact", "dataType": "TEXT" }),
        );
        mock.seed()
            .item("contacts", LOCATION, &json!({ "email": "b@example.com" }));
        fs::write(
            path("rows.csv"),
            "mail;phone;plan\nA@example.com;(212) 555-0199;gold\nb@example.com;;\nc@example.com;;\n",
        )
        .unwrap();
        let mapping = json!({
            "email": "mail", "phone": "phone", "customFields": { "plan": "plan" },
        });
        fs::write(path("map.json"), mapping.to_string()).unwrap();
        let (rows, map, job) = (path("rows.csv"), path("map.json"), path("job"));
        let arguments = [
            "import",
            &rows,
            "--operation",
            "contacts.upsert_contact",
            "--map",
            &map,
            "--to",
            &job,
            "--country",
            "us",
            "--share",
            "50%",
            "--until",
            "23:59",
            "--events",
        ];
        let trial = program.run(&[&arguments[..], &["--dry-run"]].concat());
        let trial = trial.expect(0).json();
        assert_eq!((&trial["rows"], &trial["done"]), (&3.into(), &3.into()));
        assert_eq!(mock.journal().count(), 0);

        let ended = program.run(&arguments).expect(0);
        let events = ended
            .err
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let events: Vec<serde_json::Value> = events.collect();
        let last = events.last().unwrap();
        assert_eq!(
            (&last["event"], &last["done"]),
            (&"progress".into(), &3.into())
        );
        let report = ended.json();
        assert_eq!(
            (&report["done"], &report["created"]),
            (&3.into(), &2.into())
        );
        // The row with a number is looked up first, so that another one can be sent before it.
        let sent = mock.journal().of("contacts.upsert_contact");
        let mut bodies = sent.iter().filter_map(|entry| entry.json());
        let body = bodies
            .find(|body| body["email"] == "a@example.com")
            .unwrap();
        assert_eq!(body["phone"], "+12125550199");
        assert_eq!(body["customFields"][0]["id"], plan.as_str());

        let status = program.run(&["import", "--status", &job]).expect(0).json();
        assert_eq!(status, report);
        program.run(&["import", "--pause", &job]).expect(0);
        program.run(&arguments).expect(0);

        let undo = ["import", "--undo", &job];
        let shown = program
            .run(&[&undo[..], &["--dry-run"]].concat())
            .expect(0)
            .json();
        assert_eq!((&shown["left"], &shown["updated"]), (&2.into(), &1.into()));
        program.run(&undo).expect(5);
        let undone = program
            .run(&[&undo[..], &["--yes"]].concat())
            .expect(0)
            .json();
        assert_eq!(
            (&undone["left"], &undone["removed"]),
            (&0.into(), &2.into())
        );
        assert_eq!(mock.journal().of("contacts.delete_contact").len(), 2);
        program.run(&arguments).expect(2);
    });
}

/// The contacts of a tag are on the platform, and not on the mock server of a dry run.
#[test]
fn dry_run_of_rows_that_name_records_rejects_none_for_that() {
    with_mock(|mock, program| {
        let path = |name: &str| program.directory().join(name).to_str().unwrap().to_owned();
        let contacts = mock.seed().items("contacts", LOCATION, 1);
        let (rows, map, job) = (path("rows.csv"), path("map.json"), path("job"));
        fs::write(&rows, format!("id,tag\n{},old\nnone,\n", contacts[0])).unwrap();
        fs::write(&map, r#"{"contactId": "id", "tags.0": "tag"}"#).unwrap();
        let arguments = [
            "import",
            &rows,
            "--operation",
            "contacts.add_tags",
            "--map",
            &map,
            "--to",
            &job,
        ];
        // The second row has no tag.
        let trial = program.run(&[&arguments[..], &["--dry-run"]].concat());
        let trial = trial.expect(8);
        assert!(trial.err.contains("1 row names a record"), "{}", trial.err);
        let report = trial.json();
        assert_eq!(
            (&report["done"], &report["rejected"]),
            (&1.into(), &1.into())
        );
        assert_eq!(mock.journal().count(), 0);
        assert_eq!(program.run(&arguments).expect(8).json()["done"], 1);
    });
}

#[test]
fn mistakes_are_errors_that_name_them() {
    with_mock(|mock, program| {
        let folder = |name: &str| program.directory().join(name).to_str().unwrap().to_owned();
        let (input, map) = (folder("contacts.csv"), folder("map.json"));
        fs::write(&input, "E-mail\na@example.com\n").unwrap();
        fs::write(&map, r#"{"email": "E-mail"}"#).unwrap();
        let job = folder("job");
        let upsert = "contacts.upsert_contact";
        let import = [
            "import",
            &input,
            "--operation",
            upsert,
            "--map",
            &map,
            "--to",
            &job,
        ];
        let tags = [
            "import",
            &input,
            "--operation",
            "contacts.add_tags",
            "--map",
            &map,
            "--to",
            &job,
        ];
        let cases: [(&[&str], &str); 4] = [
            (
                &["export", "contacts", "--to", &job],
                "contacts.search_contacts",
            ),
            (
                &[
                    "export",
                    "invoices.list_invoices",
                    "--param",
                    "stauts=x",
                    "--to",
                    &job,
                ],
                "did you mean `status`?",
            ),
            (&tags, "is not declared by the operation"),
            (&["import", "--status", &job], "holds no job"),
        ];
        for (arguments, expected) in cases {
            let text = program.run(arguments).expect(2).err;
            assert!(text.contains(expected), "{arguments:?}: {text}");
        }
        // Each row would be rejected.
        let without = Program::new()
            .with("HOOPAI_BASE_URL", &mock.url())
            .with("HOOPAI_TOKEN", TOKEN);
        let text = without.run(&import).expect(2).err;
        assert!(text.contains("needs a location"), "{text}");
        assert!(!std::path::Path::new(&job).exists());

        let zone = Program::new()
            .with("HOOPAI_BASE_URL", &mock.url())
            .with("HOOPAI_TOKEN", TOKEN)
            .with("HOOPAI_LOCATION_ID", LOCATION)
            .with("TZ", "Mars/Base");
        let text = zone
            .run(&[&import[..], &["--until", "18:00"]].concat())
            .expect(2)
            .err;
        assert!(text.contains("Mars/Base"), "{text}");

        program.run(&import).expect(0);
        let text = program
            .run(&["export", "contacts.search_contacts", "--to", &job])
            .expect(2)
            .err;
        assert!(text.contains("another folder for this export"), "{text}");
        fs::write(&input, "E-mail\nb@example.com\n").unwrap();
        let text = program.run(&import).expect(2).err;
        assert!(text.contains("the content of the input file"), "{text}");
        // The client sets the position of pages, also where the interface requires it.
        program
            .run(&[
                "export",
                "invoices.list_invoices",
                "--to",
                &folder("invoices"),
            ])
            .expect(0);
    });
}
