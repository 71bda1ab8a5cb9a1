//! Facts about Go's `regexp`, most of them about where Rust's `regex` differs.

use rstest::rstest;

use super::PatternError::*;
use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::anchored(pattern).unwrap().compile().unwrap().is_match(text)
}

#[rstest]
#[case::quoted(r"\Qa.b\E", "a.b", true)]
#[case::quoted_is_literal(r"\Qa.b\E", "axb", false)]
#[case::only_the_last_quoted_character_repeats(r"\Qab\E+", "abbb", true)]
#[case::nothing_quoted_repeats_what_is_before(r"a\Q\E+", "aaa", true)]
#[case::braces_without_a_minimum("x{,3}", "x{,3}", true)]
#[case::brace_in_the_middle("a{b", "a{b", true)]
#[case::brace_alone("{", "{", true)]
#[case::leading_zero_is_no_count("a{01}", "a{01}", true)]
#[case::unfinished_count("a{1,", "a{1,", true)]
#[case::count("a{2,3}", "aaaa", false)]
#[case::open_count("a{2,}", "aaaa", true)]
#[case::no_count("a{0}b", "b", true)]
#[case::plain_class_with_ampersands("[a&&b]", "&", true)]
#[case::plain_class_with_letters("[a&&b]", "a", true)]
#[case::plain_class_with_tildes("[a~~b]", "~", true)]
#[case::dashes_are_a_range("[+--]", ",", true)]
#[case::bracket_inside_a_class("[[a]", "[", true)]
#[case::bracket_first_in_a_class("[]a]", "]", true)]
#[case::dash_last_in_a_class("[a-]", "-", true)]
#[case::class_in_class("[[:alpha:]-]", "-", true)]
#[case::opposite_posix_class("[[:^digit:]]", "é", true)]
#[case::unclosed_posix_class_is_a_set("[[:a]", ":", true)]
#[case::digits_are_ascii(r"\d", "٣", false)]
#[case::no_digits_are_not(r"\D", "٣", true)]
#[case::words_are_ascii(r"\w", "é", false)]
#[case::spaces_are_ascii(r"\s", "\u{a0}", false)]
#[case::vertical_tab_is_no_space(r"\s", "\u{b}", false)]
#[case::vertical_tab_is_a_posix_space("[[:space:]]", "\u{b}", true)]
#[case::word_boundaries_are_ascii(r"é\bx", "éx", true)]
#[case::no_word_boundary(r"é\B.", "éé", true)]
#[case::case_folds_beyond_ascii("(?i)k", "\u{212a}", true)]
#[case::word_class_folds_too(r"(?i)\w", "\u{17f}", true)]
#[case::flag_ends_with_its_group("(?:(?i)a)b", "AB", false)]
#[case::flag_survives_an_alternative("(?i)a|b", "B", true)]
#[case::flags_are_taken_back("(?i)a(?-i)b", "AB", false)]
#[case::dot_takes_line_feeds(".*", "a\nb", true)]
#[case::unless_it_is_told_not_to("(?-s).*", "a\nb", false)]
#[case::lines_with_m("(?m)a$\n^b", "a\nb", true)]
#[case::no_lines_without("a$\n^b", "a\nb", false)]
#[case::end_of_text("a$", "a\n", false)]
#[case::anchors_may_repeat("^*a", "a", true)]
#[case::octal(r"\101\0", "A\0", true)]
#[case::hexadecimal(r"\x41\x{1F600}", "A😀", true)]
#[case::surrogates_never_match(r"\x{D800}", "\u{fffd}", false)]
#[case::greek(r"\p{Greek}\P{Greek}", "αa", true)]
#[case::not_greek(r"\p{^Greek}", "α", false)]
#[case::loose_names(r"\p{Old_Italic}|\p{T-hai}|\P{Uppercase-Letter}", "ก", true)]
#[case::category(r"\pL\PL[\pN]", "a14", true)]
#[case::escaped_punctuation(r"\-\_\/\@", "-_/@", true)]
#[case::the_wrapper_is_text("a)|(?:b", "ax", true)]
#[case::angle_name("(?<x>a)", "a", true)]
#[case::name_with_a_digit_first("(?P<1x>a)", "a", true)]
#[case::flag_behind_a_repetition_allows_another("a*(?i)*", "aaa", true)]
#[case::empty_alternatives("(|a)+", "aaa", true)]
fn matches_as_go_does(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, text), expected);
}

#[rstest]
#[case("a{1001}", InvalidRepetition("{1001}".into()))]
#[case("(a{100}){11}", InvalidRepetition("{11}".into()))]
#[case("((a{10}){10}){11}", InvalidRepetition("{11}".into()))]
#[case("a{2,1}", InvalidRepetition("{2,1}".into()))]
#[case("a{99999999999}", InvalidRepetition("{99999999999}".into()))]
#[case("a**", RepeatedRepetition("*".into()))]
#[case("a+*", RepeatedRepetition("*".into()))]
#[case("a{2}{3}", RepeatedRepetition("{3}".into()))]
#[case("a*+?", RepeatedRepetition("+?".into()))]
#[case("(?x)a", InvalidGroup("(?x".into()))]
#[case("(?=a)", InvalidGroup("(?=".into()))]
#[case("(?!a)", InvalidGroup("(?!".into()))]
#[case("(?<=a)", InvalidGroupName("(?<=a)".into()))]
#[case("(?-)", InvalidGroup("(?-)".into()))]
#[case("(?i-:a)", InvalidGroup("(?i-:".into()))]
#[case("(?P<a", InvalidGroupName("(?P<a".into()))]
#[case("(?P<a-b>c)", InvalidGroupName("(?P<a-b>c)".into()))]
#[case("(?P=a)", InvalidGroup("(?P".into()))]
#[case(r"(a)\1", InvalidEscape(r"\1".into()))]
#[case(r"\C", InvalidEscape(r"\C".into()))]
#[case(r"\Z", InvalidEscape(r"\Z".into()))]
#[case(r"\é", InvalidEscape(r"\é".into()))]
#[case(r"\x4", InvalidEscape(r"\x4".into()))]
#[case(r"\x{110000}", InvalidEscape(r"\x{110000".into()))]
#[case(r"[\b]", InvalidEscape(r"\b".into()))]
#[case(r"\", TrailingBackslash)]
#[case("*a", NothingToRepeat("*".into()))]
#[case("a|*", NothingToRepeat("*".into()))]
#[case("(+)", NothingToRepeat("+".into()))]
#[case("{1}", NothingToRepeat("{1}".into()))]
#[case("(a", MissingParenthesis)]
#[case("a)", UnexpectedParenthesis)]
#[case("[a", MissingBracket)]
#[case("[]", MissingBracket)]
#[case("[b-a]", InvalidClass("b-a".into()))]
#[case("[[:foo:]]", InvalidClass("[:foo:]".into()))]
#[case(r"\p{Nothing}", InvalidClass(r"\p{Nothing}".into()))]
#[case(r"\p{Latn}", InvalidClass(r"\p{Latn}".into()))]
#[case(r"\p{isGreek}", InvalidClass(r"\p{isGreek}".into()))]
#[case(r"\p{Alphabetic}", InvalidClass(r"\p{Alphabetic}".into()))]
fn is_refused_as_go_refuses_it(#[case] pattern: &str, #[case] expected: PatternError) {
    assert_eq!(Pattern::parse(pattern).map(|_| ()), Err(expected));
}

/// The anchors are put around the text of a pattern, so they close and open what the pattern leaves.
#[rstest]
#[case(r"a\")]
#[case(r"\Qa")]
#[case("invalid regex)")]
fn is_refused_between_the_anchors(#[case] pattern: &str) {
    assert!(Pattern::anchored(pattern).is_err());
}

#[test]
fn what_is_too_large_for_us_is_not_called_invalid() {
    let deep = format!("{}a{}", "(".repeat(500), ")".repeat(500));
    assert!(Pattern::parse(&deep).unwrap_err().is_ours());
    let large = Pattern::parse(r"(?:(?:\pL{10}){10}){10}(?:\pL{1000})(?:\pL{1000})(?:\pL{1000})").unwrap();
    assert!(large.compile().unwrap_err().is_ours());
}

#[test]
fn groups_are_counted_and_named() {
    let pattern = Pattern::anchored("(a)(?P<second>b){0}(?<third>c)(?:d)").unwrap();
    assert_eq!(pattern.group_count(), 3);
    assert!(pattern.has_group("second") && pattern.has_group("third") && !pattern.has_group("fourth"));
    let regex = pattern.compile().unwrap();
    let found = regex.captures("acd").unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(|number| found.group(number)), [Some("acd"), Some("a"), None, Some("c"), None]);
}

/// What Go makes of a template when `(a)(?P<name>b)(c)?` has matched `ab`.
#[rstest]
#[case("$1", "a")]
#[case("${1}5090", "a5090")]
#[case("$15090", "")]
#[case("$1:15090", "a:15090")]
#[case("$115090", "")]
#[case("$1_x", "")]
#[case("$1x", "")]
#[case("$1é", "")]
#[case("$1-x", "a-x")]
#[case("$name", "b")]
#[case("${name}s", "bs")]
#[case("$names", "")]
#[case("$0", "ab")]
#[case("$01", "")]
#[case("$3", "")]
#[case("$4", "")]
#[case("$$1", "$1")]
#[case("$", "$")]
#[case("${", "${")]
#[case("${1", "${1")]
#[case("${}", "${}")]
#[case("${1-}", "${1-}")]
#[case("a$ b", "a$ b")]
#[case("$9999999999", "")]
fn templates_expand_as_in_go(#[case] template: &str, #[case] expected: &str) {
    let regex = Pattern::anchored("(a)(?P<name>b)(c)?").unwrap().compile().unwrap();
    assert_eq!(regex.captures("ab").unwrap().expand(&Template::parse(template)), expected);
}

#[rstest]
#[case("a", "banana", "[a]", "b[a]n[a]n[a]")]
#[case("a*", "baac", "<$0>", "<>b<aa>c<>")]
#[case("x*", "ä", "-", "-ä-")]
fn every_match_is_replaced(#[case] pattern: &str, #[case] text: &str, #[case] with: &str, #[case] expected: &str) {
    let regex = Pattern::parse(pattern).unwrap().compile().unwrap();
    assert_eq!(regex.replace_all(text, &Template::parse(with)), expected);
}
