-- name: schema
CREATE TABLE IF NOT EXISTS letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  shop TEXT NOT NULL,
  at INTEGER NOT NULL,
  source TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS letters_of_shop ON letters (shop, id);

-- name: put
INSERT INTO letters (shop, at, source, code, reason, payload) VALUES (?, ?, ?, ?, ?, ?)

-- name: list
SELECT id, shop, at, source, code, reason, payload FROM letters ORDER BY id DESC LIMIT ?

-- name: list_of_shop
SELECT id, shop, at, source, code, reason, payload FROM letters WHERE shop = ? ORDER BY id DESC LIMIT ?

-- name: get
SELECT id, shop, at, source, code, reason, payload FROM letters WHERE id = ?

-- name: remove
DELETE FROM letters WHERE id = ?
