-- name: schema
CREATE TABLE IF NOT EXISTS numbers (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO numbers (name, value) VALUES ('position', 0), ('epoch', 0);

-- The settings by which everything here was computed.
CREATE TABLE IF NOT EXISTS arithmetic (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  settings TEXT NOT NULL
) STRICT;

-- Large values stand in plain tables, in the order of their first writing: what is busy at one time lies together.
-- In a table ordered by key a batch touched three times as many pages.
CREATE TABLE IF NOT EXISTS journeys (
  shop TEXT NOT NULL,
  owner TEXT NOT NULL,
  part TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (shop, owner, part)
) STRICT;

-- The last step of a journey whose effects are applied, and where its key is linked to.
CREATE TABLE IF NOT EXISTS owners (
  shop TEXT NOT NULL,
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  alias_of TEXT,
  PRIMARY KEY (shop, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS conversations (
  shop TEXT NOT NULL,
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (shop, user_id, id)
) STRICT;
CREATE INDEX IF NOT EXISTS conversations_created ON conversations (shop, create_time DESC);
CREATE INDEX IF NOT EXISTS conversations_updated ON conversations (shop, update_time DESC, id DESC);
CREATE INDEX IF NOT EXISTS conversations_of_user
  ON conversations (shop, user_id, update_time DESC, id DESC, messages);

CREATE TABLE IF NOT EXISTS messages (
  shop TEXT NOT NULL,
  user_id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  day INTEGER NOT NULL,
  docs TEXT NOT NULL,
  PRIMARY KEY (shop, user_id, conversation, day)
) STRICT;

CREATE TABLE IF NOT EXISTS orders (
  shop TEXT NOT NULL,
  user_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  updated INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (shop, user_id, order_id)
) STRICT;
CREATE INDEX IF NOT EXISTS orders_of_user ON orders (shop, user_id, updated DESC, order_id DESC);

CREATE TABLE IF NOT EXISTS cubes (
  shop TEXT NOT NULL,
  grouping TEXT NOT NULL,
  day INTEGER NOT NULL,
  family TEXT NOT NULL,
  value TEXT NOT NULL,
  lag INTEGER NOT NULL,
  lag2 INTEGER NOT NULL,
  n INTEGER NOT NULL,
  fen INTEGER NOT NULL,
  refunded INTEGER NOT NULL,
  PRIMARY KEY (shop, grouping, day, family, value, lag, lag2)
) STRICT, WITHOUT ROWID;
-- Holds the rows that have come to nothing, for the moment until they are deleted.
CREATE INDEX IF NOT EXISTS cubes_empty ON cubes (shop) WHERE n = 0 AND fen = 0 AND refunded = 0;

-- name: load
SELECT data FROM journeys WHERE shop = ? AND owner = ? AND part = ?

-- name: load_many
SELECT coalesce(group_concat(w.column1 || ':' || hex(j.data)), '')
FROM (VALUES :rows) AS w
JOIN journeys AS j ON j.shop = w.column2 AND j.owner = w.column3 AND j.part = w.column4

-- name: parts
SELECT json_group_array(part) FROM (
  SELECT part FROM journeys WHERE shop = ? AND owner = ? AND part >= ? AND part < ? ORDER BY part
)

-- name: next_owner
SELECT shop, owner FROM journeys WHERE (shop, owner) > (?, ?) ORDER BY shop, owner LIMIT 1

-- name: next_owner_of_shop
SELECT shop, owner FROM journeys WHERE shop = ? AND owner > ? ORDER BY owner LIMIT 1

-- name: save
INSERT INTO journeys (shop, owner, part, data) VALUES :rows
ON CONFLICT (shop, owner, part) DO UPDATE SET data = excluded.data

-- name: drop_parts
DELETE FROM journeys WHERE shop = ? AND owner = ? AND part = ?

-- name: newer_steps
SELECT json_group_array(json_array(o.shop, o.owner))
FROM (VALUES :rows) AS w
JOIN owners AS o ON o.shop = w.column1 AND o.owner = w.column2
WHERE (o.epoch, o.seq) > (w.column3, w.column4)

-- name: put_steps
INSERT INTO owners (shop, owner, epoch, seq) VALUES :rows
ON CONFLICT (shop, owner) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq

-- name: put_alias
UPDATE owners SET alias_of = ? WHERE shop = ? AND owner = ?

-- name: put_conversations
INSERT INTO conversations (shop, user_id, id, create_time, update_time, messages, doc) VALUES :rows
ON CONFLICT (shop, user_id, id) DO UPDATE SET create_time = excluded.create_time, update_time = excluded.update_time,
  messages = excluded.messages, doc = excluded.doc

-- name: drop_conversations
DELETE FROM conversations WHERE shop = ? AND user_id = ? AND id = ?

-- name: drop_messages_of
DELETE FROM messages WHERE shop = ? AND user_id = ? AND conversation = ?

-- name: put_messages
INSERT INTO messages (shop, user_id, conversation, day, docs) VALUES :rows
ON CONFLICT (shop, user_id, conversation, day) DO UPDATE SET docs = excluded.docs

-- name: drop_messages
DELETE FROM messages WHERE shop = ? AND user_id = ? AND conversation = ? AND day = ?

-- name: put_orders
INSERT INTO orders (shop, user_id, order_id, updated, doc) VALUES :rows
ON CONFLICT (shop, user_id, order_id) DO UPDATE SET updated = excluded.updated, doc = excluded.doc

-- name: drop_orders
DELETE FROM orders WHERE shop = ? AND user_id = ? AND order_id = ?

-- name: add_cubes
INSERT INTO cubes (shop, grouping, day, family, value, lag, lag2, n, fen, refunded) VALUES :rows
ON CONFLICT (shop, grouping, day, family, value, lag, lag2) DO UPDATE SET
  n = n + excluded.n, fen = fen + excluded.fen, refunded = refunded + excluded.refunded

-- name: drop_empty_cubes
DELETE FROM cubes WHERE n = 0 AND fen = 0 AND refunded = 0

-- name: put_position
UPDATE numbers SET value = ? WHERE name = 'position'

-- name: next_epoch
UPDATE numbers SET value = value + 1 WHERE name = 'epoch' RETURNING value

-- name: arithmetic
SELECT settings FROM arithmetic

-- name: note_arithmetic
INSERT INTO arithmetic (only, settings) VALUES (1, ?)

-- name: position
SELECT value FROM numbers WHERE name = 'position'

-- name: alias
SELECT alias_of FROM owners WHERE shop = ? AND owner = ?

-- name: cube
SELECT json_group_array(json_array(day, family, value, lag, lag2, n, fen, refunded)) FROM (
  SELECT * FROM cubes WHERE shop = ?1 AND grouping = ?2 AND day BETWEEN ?3 AND ?4
    AND (?5 = '[]' OR family IN (SELECT value FROM json_each(?5)))
  ORDER BY day, family, value, lag, lag2
)

-- name: cube_summed
SELECT json_group_array(json_array(?3, family, value, lag, lag2, n, fen, refunded)) FROM (
  SELECT family, value, lag, lag2, sum(n) AS n, sum(fen) AS fen, sum(refunded) AS refunded FROM cubes
  WHERE shop = ?1 AND grouping = ?2 AND day BETWEEN ?3 AND ?4
    AND (?5 = '[]' OR family IN (SELECT value FROM json_each(?5)))
  GROUP BY family, value, lag, lag2 HAVING sum(n) <> 0 OR sum(fen) <> 0 OR sum(refunded) <> 0
  ORDER BY family, value, lag, lag2
)

-- name: cube_dump
SELECT json_group_array(json_array(grouping, day, family, value, lag, lag2, n, fen, refunded)) FROM (
  SELECT * FROM cubes WHERE shop = ? ORDER BY grouping, day, family, value, lag, lag2
)

-- name: conversations
SELECT '[' || coalesce(group_concat(doc), '') || ']' FROM (
  SELECT doc FROM conversations WHERE shop = ? AND user_id = ? AND (update_time, id) < (?, ?)
  ORDER BY update_time DESC, id DESC LIMIT ?
)

-- name: recent_conversations
SELECT '[' || coalesce(group_concat(doc), '') || ']' FROM (
  SELECT doc FROM conversations WHERE shop = ? ORDER BY update_time DESC, id DESC LIMIT ?
)

-- name: messages
SELECT '[' || coalesce(group_concat('[' || json_quote(conversation) || ',' || docs || ']'), '') || ']' FROM (
  SELECT conversation, docs FROM messages
  WHERE shop = ? AND user_id = ? AND conversation IN (SELECT value FROM json_each(?))
  ORDER BY conversation, day
)

-- name: wrote
SELECT EXISTS (
  SELECT 1 FROM messages, json_each(docs) AS m
  WHERE shop = ? AND user_id = ? AND json_extract(m.value, '$.owner') = ?
)

-- name: named_order
SELECT EXISTS (
  SELECT 1 FROM messages, json_each(docs) AS m
  WHERE shop = ? AND user_id = ? AND json_extract(m.value, '$.orderId') = ?
)

-- name: talked
SELECT EXISTS (SELECT 1 FROM conversations WHERE shop = ? AND user_id = ?)

-- name: orders
SELECT '[' || coalesce(group_concat(doc), '') || ']' FROM (
  SELECT doc FROM orders WHERE shop = ? AND user_id = ? ORDER BY updated DESC, order_id DESC LIMIT ?
)

-- name: busiest_users
SELECT user_id, sum(messages) AS number FROM conversations WHERE shop = ?
GROUP BY user_id ORDER BY number DESC, user_id LIMIT ?

-- name: count_messages
SELECT coalesce(sum(messages), 0) FROM conversations WHERE shop = ?
