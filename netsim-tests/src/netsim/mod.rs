//! Messages through links of all kinds, counted.
