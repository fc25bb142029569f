-- Who decided what, of all things, newest first: one walk along an index for each kind of deed.

CREATE INDEX mentions_by_deed ON mentions (deed, place);
