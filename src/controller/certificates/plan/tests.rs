use std::time::Duration;

use jiff::SignedDuration;
use rstest::rstest;

use super::*;
use crate::controller::certificates::contents::Data;

const NAME: &str = "scrapeguard.scrapeguard-system.svc";
/// Leafs live for 900 seconds, authorities for 2700.
const LIFETIME: i64 = 900;

fn profile() -> Profile {
    Profile::new(vec![NAME.to_owned()], Duration::from_mins(15))
}

fn at(second: i64) -> Timestamp {
    "2026-11-22T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn quiet(second: i64) -> Circumstances {
    Circumstances { now: at(second), settled: false, abandoned: false }
}

fn settled(second: i64) -> Circumstances {
    Circumstances { settled: true, ..quiet(second) }
}

/// What one step makes of what is stored.
fn after(step: Step, stored: &Stored, second: i64) -> Contents {
    carry_out(step, stored, None, &profile(), at(second)).unwrap().unwrap()
}

/// Made at second 0.
fn fresh() -> Contents {
    after(Step::Create, &Stored::Missing, 0)
}

/// Made at second 0, and the leaf renewed at this second.
fn renewed(second: i64) -> Contents {
    after(Step::Renew, &Stored::Contents(fresh()), second)
}

/// Made at second 0, with a next authority since 1800.
fn introduced() -> Contents {
    after(Step::Introduce, &Stored::Contents(renewed(1200)), 1800)
}

/// The next authority has taken over at second 1810.
fn switched() -> Contents {
    after(Step::Switch, &Stored::Contents(introduced()), 1810)
}

#[rstest]
#[case::just_made(fresh(), quiet(0), Step::Nothing)]
#[case::before_two_thirds(fresh(), quiet(599), Step::Nothing)]
#[case::the_leaf_is_due(fresh(), quiet(600), Step::Renew)]
#[case::by_a_clock_that_is_behind(fresh(), quiet(-3600), Step::Nothing)]
#[case::by_a_clock_that_is_two_days_behind(fresh(), quiet(-172_800), Step::Nothing)]
#[case::the_leaf_has_expired(fresh(), quiet(LIFETIME + 1), Step::Renew)]
#[case::the_authority_is_due(renewed(1790), quiet(1800), Step::Introduce)]
#[case::both_are_due(renewed(1200), quiet(1800), Step::Introduce)]
#[case::not_settled(introduced(), quiet(1805), Step::Nothing)]
#[case::settled(introduced(), settled(1805), Step::Switch)]
#[case::it_never_settles(introduced(), quiet(1200 + 749), Step::Nothing)]
#[case::it_never_settles_and_the_leaf_ends(introduced(), quiet(1200 + 750), Step::Renew)]
#[case::it_never_settles_and_the_authority_ends(introduced(), quiet(2701), Step::Switch)]
#[case::all_has_expired(introduced(), quiet(10_000), Step::Create)]
#[case::just_switched(switched(), quiet(1811), Step::Nothing)]
#[case::the_old_authority_lives(switched(), quiet(2409), Step::Nothing)]
#[case::the_leaf_first(switched(), quiet(2701), Step::Renew)]
fn a_life(#[case] contents: Contents, #[case] circumstances: Circumstances, #[case] expected: Step) {
    let step = plan(&Stored::Contents(contents.clone()), None, &profile(), circumstances);
    assert_eq!(step, expected);
    let same = plan(&Stored::Contents(contents.clone()), Some(&contents), &profile(), circumstances);
    assert_eq!(same, expected, "whoever remembers the same plans the same");
}

#[test]
fn an_old_authority_is_forgotten_when_it_has_expired() {
    let contents = after(Step::Renew, &Stored::Contents(switched()), 2410);
    assert_eq!(contents.retired.len(), 1);
    let stored = Stored::Contents(contents);
    assert_eq!(plan(&stored, None, &profile(), quiet(2700)), Step::Nothing);
    assert_eq!(plan(&stored, None, &profile(), quiet(2701)), Step::Prune);
    assert!(after(Step::Prune, &stored, 2701).retired.is_empty());
}

#[test]
fn every_step_leaves_nothing_to_do_at_once() {
    let mut stored = Stored::Missing;
    let mut seconds = 0;
    for _ in 0..40 {
        let circumstances = Circumstances { abandoned: true, ..settled(seconds) };
        let step = plan(&stored, None, &profile(), circumstances);
        if let Some(contents) = carry_out(step, &stored, None, &profile(), at(seconds)).unwrap() {
            stored = Stored::Contents(contents);
            assert_eq!(plan(&stored, None, &profile(), quiet(seconds)), Step::Nothing, "after {step:?} at {seconds}");
        }
        seconds += 97;
    }
}

#[test]
fn a_leaf_for_other_names_is_replaced_under_the_same_authority() {
    let other = Profile::new(vec![NAME.to_owned(), "scrapeguard.elsewhere.svc".to_owned()], Duration::from_mins(15));
    let stored = Stored::Contents(fresh());
    assert_eq!(plan(&stored, None, &other, quiet(1)), Step::Renew);
    let contents = carry_out(Step::Renew, &stored, None, &other, at(1)).unwrap().unwrap();
    assert_eq!(contents.bundle(), fresh_bundle(&stored));
    // A replica that asks for fewer names leaves it alone, so the two do not fight.
    assert_eq!(plan(&Stored::Contents(contents), None, &profile(), quiet(1)), Step::Nothing);
}

fn fresh_bundle(stored: &Stored) -> String {
    let Stored::Contents(contents) = stored else { panic!("{stored:?}") };
    contents.bundle()
}

#[test]
fn a_leaf_of_another_authority_is_replaced() {
    let contents = Contents { leaf: fresh().leaf, ..fresh() };
    assert_eq!(plan(&Stored::Contents(contents), None, &profile(), quiet(1)), Step::Renew);
}

#[test]
fn a_shorter_lifetime_holds_for_what_is_there_already() {
    let shorter = Profile::new(vec![NAME.to_owned()], Duration::from_mins(5));
    let stored = Stored::Contents(fresh());
    assert_eq!(plan(&stored, None, &shorter, quiet(199)), Step::Nothing);
    assert_eq!(plan(&stored, None, &shorter, quiet(200)), Step::Renew);
}

#[test]
fn whoever_remembers_writes_a_lost_secret_again_and_others_wait_for_that() {
    let remembered = fresh();
    let abandoned = Circumstances { abandoned: true, ..quiet(10) };
    for stored in [Stored::Missing, Stored::Damaged(Damage::Empty)] {
        assert_eq!(plan(&stored, Some(&remembered), &profile(), quiet(10)), Step::Restore);
        assert_eq!(plan(&stored, None, &profile(), quiet(10)), Step::Wait);
        assert_eq!(plan(&stored, None, &profile(), abandoned), Step::Create);
        let restored = carry_out(Step::Restore, &stored, Some(&remembered), &profile(), at(10)).unwrap().unwrap();
        assert_eq!(restored.leaf, remembered.leaf);
        assert_eq!(restored.authority, remembered.authority);
        assert!(restored.next.is_some(), "new keys are on their way");
    }
    // What has expired is not worth remembering.
    assert_eq!(plan(&Stored::Missing, Some(&remembered), &profile(), quiet(2701)), Step::Wait);
}

#[test]
fn an_authority_whose_leaf_is_served_stays_trusted_whatever_becomes_of_the_secret() {
    let (remembered, strange) = (fresh(), Stored::Contents(fresh()));
    assert_eq!(plan(&strange, Some(&remembered), &profile(), quiet(1)), Step::Remember);
    let contents = carry_out(Step::Remember, &strange, Some(&remembered), &profile(), at(1)).unwrap().unwrap();
    assert!(remembered.leaf.is_accepted(contents.trusted(), &[NAME.to_owned()], at(1)));
    assert_eq!(plan(&Stored::Contents(contents), Some(&remembered), &profile(), quiet(1)), Step::Nothing);
}

#[test]
fn whoever_deletes_the_secret_all_the_time_does_not_make_the_bundle_grow_without_end() {
    let mut contents = fresh();
    for second in 1..20 {
        contents =
            carry_out(Step::Restore, &Stored::Missing, Some(&contents), &profile(), at(second)).unwrap().unwrap();
        contents = after(Step::Switch, &Stored::Contents(contents), second);
    }
    assert!(contents.trusted().count() <= 6);
}

#[test]
fn a_leaf_never_outlives_its_authority() {
    let contents = renewed(2600);
    assert_eq!(contents.leaf.validity().until, contents.authority.validity().until);
}

#[rstest]
#[case::just_made(fresh())]
#[case::with_a_next_authority(introduced())]
#[case::with_a_retired_authority(switched())]
fn what_is_written_can_be_read(#[case] contents: Contents) {
    assert_eq!(Contents::read(&contents.write()).unwrap(), contents);
}

#[rstest]
#[case("tls.crt", "tls.crt")]
#[case("tls.key", "tls.crt")]
#[case("authority.crt", "authority.crt")]
#[case("authority.key", "authority.crt")]
#[case("next-authority.crt", "next-authority.crt")]
#[case("next-authority.key", "next-authority.crt")]
#[case("retired-authorities.crt", "retired-authorities.crt")]
fn damage_is_told_and_never_passes_for_contents(#[case] field: &str, #[case] told: &str) {
    let full = || after(Step::Introduce, &Stored::Contents(switched()), 1820).write();
    let whole = full();
    let spoil = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data: Data = whole.clone();
        change(&mut data.get_mut(field).unwrap().0);
        Contents::read(&data).unwrap_err().to_string()
    };
    assert_eq!(spoil(&|value| value.truncate(100)), format!("{told} cannot be used"));
    assert_eq!(spoil(&|value| *value = vec![0xff, 0xfe]), format!("{field} is missing or no text"));
    if !field.starts_with("retired") {
        let stranger = full().remove(field).unwrap().0;
        assert_eq!(spoil(&|value| value.clone_from(&stranger)), format!("{told} cannot be used"));
    }
}

#[rstest]
#[case("tls.crt")]
#[case("tls.key")]
#[case("authority.crt")]
#[case("authority.key")]
#[case("next-authority.key")]
fn a_field_that_is_missing_is_damage(#[case] field: &'static str) {
    let mut data = introduced().write();
    data.remove(field);
    assert!(matches!(Contents::read(&data), Err(Damage::Field(missing)) if missing == field));
}

#[test]
fn keys_stay_out_of_logs() {
    let contents = introduced();
    let text = format!("{contents:?}");
    assert!(text.contains("BEGIN CERTIFICATE") && !text.contains("PRIVATE"), "{text}");
}
