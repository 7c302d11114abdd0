-- name: schema
CREATE TABLE IF NOT EXISTS numbers (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO numbers (name, value) VALUES ('indexed', 0);

-- `identity` and `key` are hashes: of (shop, kind, owner, id) and of the idempotency key.
CREATE TABLE IF NOT EXISTS events (
  offset INTEGER PRIMARY KEY,
  identity BLOB NOT NULL,
  key BLOB,
  data TEXT NOT NULL
) STRICT;

-- The offset of the kept copy by either hash; complete up to the number `indexed`, events after it may be missing.
CREATE TABLE IF NOT EXISTS seen (
  hash BLOB PRIMARY KEY,
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

-- name: append
INSERT INTO events (offset, identity, key, data) VALUES :rows

-- name: seen
SELECT json_group_object(hex(hash), offset) FROM seen WHERE hash IN (VALUES :rows)

-- name: remember
INSERT INTO seen (hash, offset) VALUES :rows ON CONFLICT (hash) DO UPDATE SET offset = excluded.offset

-- name: index_rest
INSERT INTO seen (hash, offset)
SELECT hash, max(offset) FROM (
  SELECT identity AS hash, offset FROM events WHERE offset > (SELECT value FROM numbers WHERE name = 'indexed')
  UNION ALL
  SELECT key, offset FROM events WHERE offset > (SELECT value FROM numbers WHERE name = 'indexed') AND key IS NOT NULL
) WHERE true GROUP BY hash ORDER BY hash
ON CONFLICT (hash) DO UPDATE SET offset = excluded.offset

-- name: put_indexed
UPDATE numbers SET value = ? WHERE name = 'indexed'
