-- Articles whose topics are to be computed again: those of a feed that was renamed or filed otherwise, and those of a
-- story whose number of copies changed. `owner` is 'feed' or 'story', `row` its row; articles up to `untold` are to come.
CREATE TABLE backfill (
    owner TEXT NOT NULL,
    row INTEGER NOT NULL,
    untold INTEGER NOT NULL,
    PRIMARY KEY (owner, row)
) STRICT, WITHOUT ROWID;
