//! Random patterns of all that RE2 has, and some things that it has not.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const PLAIN: &str = r"a b A ab x 1 _ - : ; é α k ß . . .* .* .+ [^;]* a* b? x+?";

const SPECIAL: &str = r"
    \d \D \s \S \w \W \b \B \A \z ^ $ \v \n \. \_ \0 \x61 \x{E9} \141 { {,3} a{ a{2} a{1, } ]
    [ab] [^a] [a-z0-9]+ [a&&b] [a~~b] [a--b] [[a] []a] [a-] [^]a] [\v] [[:alpha:]] [[:^digit:]_] [\d\W] [\pL]
    \Qa.b\E \Qab\E* \Q\E \pL \PL \p{Greek} \P{^Greek} \p{Lu} \p{thai} \p{Uppercase_Letter} \p{any} \p{LC} \p{Cn}
    (?:) (?i) (?-s) (?m) (?U) (?s) (?i)\w (?i)[^k] (?i)ſ (?i)\p{Lu}
    (a*)* (a|b*)* (|a)+ (a*)+? (a?)*?b (?:a|ab)(?:c|bcd)*";

const WRONG: &str = r"
    (?=a) (?!a) \1 \8 \é [b-a] \C \Z a** a*+ (?x) * a{1001} ((a{10}){10}){11} (a{0,500}){3} a{2,1} a{1000}{2}
    ) ( [ \ [[:foo:]] [a-\d] [\b] \p{Foo} \pX \p{Latn} \p{isGreek} \p{Alphabetic} \p{sc=Greek}
    (? (?P<>a) (?P<a-b>a) (?P=n) (?i-) \Q \x4 \x{110000}";

const OPENINGS: &str = "( ( ( (?: (?: (?P<n> (?<m> (?i: (?s-i: (?U: (?m: (?ims-U:";

const REPETITIONS: [&str; 17] =
    ["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1,2}", "{0,2}?", "{2,}", "{,3}", "{01}"];

/// A pattern, mostly one that Prometheus accepts.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    let atom = prop_oneof![60 => one_of(PLAIN), 30 => one_of(SPECIAL), 2 => one_of(WRONG)].prop_map(str::to_owned);
    atom.prop_recursive(4, 24, 4, |inner| {
        let enclosed = (one_of(OPENINGS), inner.clone(), select(REPETITIONS.to_vec()))
            .prop_map(|(opening, inner, repetition)| format!("{opening}{inner}){repetition}"));
        prop_oneof![
            4 => vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
            2 => vec(inner, 1..4).prop_map(|parts| parts.join("|")),
            4 => enclosed,
        ]
    })
}

fn one_of(words: &'static str) -> impl Strategy<Value = &'static str> {
    select(words.split_whitespace().collect::<Vec<_>>())
}
