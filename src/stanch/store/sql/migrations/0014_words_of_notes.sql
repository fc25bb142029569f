-- An incident is found by what people wrote about it. Of what was written before, the end of the
-- document is searched for, where the text stands.

ALTER TABLE notes ADD COLUMN words TEXT NOT NULL DEFAULT '';
/* sqlite */ UPDATE notes SET words = lower(substr(doc, instr(doc, '"text":') + 8));
/* postgresql */ UPDATE notes SET words = lower(substr(doc, strpos(doc, '"text":') + 8));
