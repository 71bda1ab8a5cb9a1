//! When a tree is to be made anew, so that what has gone from it is let go of.

/// How much of a tree has gone since it was made. Its inner nodes keep one row in sixteen to find the others by, and do
/// not let go of it when it is taken out or replaced; nor do its nodes fill up again. So a tree is made anew when as much
/// has gone as there is in it, which is seldom.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::model::snapshot) struct Wear(usize);

impl Wear {
    /// A tree of no more rows than this has hardly any inner nodes.
    const SMALL: usize = 64;

    /// Notes that a row has gone from a tree, of which so many are left. Whether the tree is to be made anew.
    pub(in crate::model::snapshot) fn add(&mut self, left: usize) -> bool {
        self.0 += 1;
        self.0 > left + Self::SMALL
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};

    use crate::model::snapshot::table::{Entry, Named, Row, Table};

    impl Named for String {
        fn names(&self) -> [&str; 4] {
            [self, "", "", ""]
        }
    }

    #[test]
    fn rows_that_have_gone_are_let_go_of() {
        let mut table = Table::<Entry<String>>::default();
        let mut all: Vec<Weak<String>> = Vec::new();
        for round in 0..20 {
            for number in 0..1000 {
                let row = Entry::from(format!("{number:04}"));
                all.push(Arc::downgrade(&row.value));
                // Every third one is taken out before, the others are replaced.
                if (number + round) % 3 == 0 {
                    table.remove(&row.key());
                }
                table.insert(row);
            }
        }
        let kept = all.iter().filter(|row| row.strong_count() > 0).count();
        assert!((1000..1100).contains(&kept), "{kept} of 20000 rows are kept, and 1000 are there");
        assert!(table.all().iter().map(|name| name.parse::<usize>().unwrap()).eq(0..1000));
    }
}
