//! Rows of a table, one after the other.

use std::fmt;

use imbl::ordmap::{Iter, RangedIter};
use imbl::shared_ptr::DefaultSharedPtr;

use super::{Ordered, Row};

/// Some rows of a table that follow each other.
pub struct List<'s, R>(Rows<'s, R>);

enum Rows<'s, R> {
    All(Iter<'s, Ordered<R>, (), DefaultSharedPtr>),
    Some(RangedIter<'s, Ordered<R>, (), DefaultSharedPtr>),
}

impl<R> Clone for List<'_, R> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Rows::All(rows) => Rows::All(rows.clone()),
            Rows::Some(rows) => Rows::Some(rows.clone()),
        })
    }
}

impl<'s, R: Row> List<'s, R> {
    /// All rows of a table.
    pub(super) fn all(rows: Iter<'s, Ordered<R>, (), DefaultSharedPtr>) -> Self {
        Self(Rows::All(rows))
    }

    /// Some of them.
    pub(super) fn some(rows: RangedIter<'s, Ordered<R>, (), DefaultSharedPtr>) -> Self {
        Self(Rows::Some(rows))
    }

    /// All of them, one after the other.
    pub fn iter(&self) -> Values<'s, R> {
        Values(self.clone())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Rows::All(rows) => rows.len(),
            Rows::Some(rows) => rows.clone().count(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The first one.
    pub fn first(&self) -> Option<&'s R::Value> {
        self.iter().next()
    }

    /// The rows themselves.
    pub(in crate::model::snapshot) fn rows(self) -> impl DoubleEndedIterator<Item = &'s R> + Clone {
        RowsOf(self)
    }

    fn next(&mut self) -> Option<&'s R> {
        match &mut self.0 {
            Rows::All(rows) => rows.next(),
            Rows::Some(rows) => rows.next(),
        }
        .map(|(Ordered(row), ())| row)
    }

    fn next_back(&mut self) -> Option<&'s R> {
        match &mut self.0 {
            Rows::All(rows) => rows.next_back(),
            Rows::Some(rows) => rows.next_back(),
        }
        .map(|(Ordered(row), ())| row)
    }
}

struct RowsOf<'s, R>(List<'s, R>);

impl<R> Clone for RowsOf<'_, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'s, R: Row> Iterator for RowsOf<'s, R> {
    type Item = &'s R;

    fn next(&mut self) -> Option<&'s R> {
        self.0.next()
    }
}

impl<R: Row> DoubleEndedIterator for RowsOf<'_, R> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

/// The values of rows, one after the other.
pub struct Values<'s, R>(List<'s, R>);

impl<R> Clone for Values<'_, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'s, R: Row> Iterator for Values<'s, R> {
    type Item = &'s R::Value;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Row::value)
    }
}

impl<R: Row> DoubleEndedIterator for Values<'_, R> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(Row::value)
    }
}

impl<'s, R: Row> IntoIterator for List<'s, R> {
    type Item = &'s R::Value;
    type IntoIter = Values<'s, R>;

    fn into_iter(self) -> Values<'s, R> {
        Values(self)
    }
}

impl<'s, R: Row> IntoIterator for &List<'s, R> {
    type Item = &'s R::Value;
    type IntoIter = Values<'s, R>;

    fn into_iter(self) -> Values<'s, R> {
        self.iter()
    }
}

impl<R: Row<Value: PartialEq>> PartialEq for List<'_, R> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<R: Row<Value: fmt::Debug>> fmt::Debug for List<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}
