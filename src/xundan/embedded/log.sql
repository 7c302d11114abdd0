-- name: schema
CREATE TABLE IF NOT EXISTS events (
  offset INTEGER PRIMARY KEY,
  data TEXT NOT NULL
) STRICT;

-- Where the kept copy of a fact is, by the hash of its identity and of its idempotency key.
CREATE TABLE IF NOT EXISTS seen (
  key BLOB PRIMARY KEY,
  offset INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- name: last_offset
SELECT coalesce(max(offset), 0) FROM events

-- name: read
SELECT '[' || coalesce(group_concat('[' || offset || ',' || data || ']'), '') || ']' FROM (
  SELECT offset, data FROM events WHERE offset > ? ORDER BY offset LIMIT ?
)

-- name: at
SELECT '[' || coalesce(group_concat('[' || offset || ',' || data || ']'), '') || ']'
FROM events WHERE offset IN (VALUES :rows)

-- name: seen
SELECT json_group_object(hex(key), offset) FROM seen WHERE key IN (VALUES :rows)

-- name: append
INSERT INTO events (offset, data) VALUES :rows

-- name: remember
INSERT INTO seen (key, offset) VALUES :rows ON CONFLICT (key) DO UPDATE SET offset = excluded.offset
