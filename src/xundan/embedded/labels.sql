-- name: schema
CREATE TABLE IF NOT EXISTS samples (
  number INTEGER PRIMARY KEY,
  shop TEXT NOT NULL,
  id TEXT NOT NULL,
  text TEXT NOT NULL,
  context TEXT NOT NULL, -- JSON: [[sender, text], …], oldest first
  in_group TEXT NOT NULL,
  owner TEXT NOT NULL,
  message TEXT NOT NULL,
  UNIQUE (shop, id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS samples_of_messages ON samples (shop, owner, message) WHERE message <> '';
CREATE TABLE IF NOT EXISTS labels (
  shop TEXT NOT NULL,
  sample TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('human', 'proposal')),
  label_by TEXT NOT NULL,
  intent TEXT NOT NULL,
  buy INTEGER NOT NULL CHECK (buy IN (0, 1)),
  at INTEGER NOT NULL,
  PRIMARY KEY (shop, sample, source, label_by)
) STRICT, WITHOUT ROWID;

-- name: add
INSERT OR IGNORE INTO samples (shop, id, text, context, in_group, owner, message) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: text
SELECT text, context FROM samples WHERE shop = ? AND id = ?

-- name: put
INSERT INTO labels (shop, sample, source, label_by, intent, buy, at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM samples WHERE shop = ?1 AND id = ?2)
ON CONFLICT (shop, sample, source, label_by) DO UPDATE SET intent = excluded.intent, buy = excluded.buy, at = excluded.at
WHERE excluded.at > at

-- name: read
SELECT s.id, s.text, s.context, s.in_group, s.owner, s.message,
  h.intent, h.buy, h.label_by, h.at, p.intent, p.buy, p.label_by, p.at
FROM samples AS s
LEFT JOIN labels AS h ON h.shop = s.shop AND h.sample = s.id AND h.source = 'human' AND h.label_by = (
  SELECT label_by FROM labels WHERE shop = s.shop AND sample = s.id AND source = 'human' ORDER BY at DESC, label_by LIMIT 1
)
LEFT JOIN labels AS p ON p.shop = s.shop AND p.sample = s.id AND p.source = 'proposal' AND p.label_by = (
  SELECT label_by FROM labels WHERE shop = s.shop AND sample = s.id AND source = 'proposal'
  ORDER BY at DESC, label_by LIMIT 1
)
WHERE s.shop = ?1 AND CASE ?2
  WHEN 'human' THEN h.sample IS NOT NULL WHEN 'proposed' THEN p.sample IS NOT NULL WHEN 'open' THEN h.sample IS NULL
  ELSE 1 END
ORDER BY s.number

-- name: known
SELECT owner, message FROM samples WHERE shop = ? AND message <> ''

-- name: counts
SELECT count(*), coalesce(sum(h), 0), coalesce(sum(p), 0), coalesce(sum(NOT h), 0) FROM (
  SELECT EXISTS (SELECT 1 FROM labels AS l WHERE l.shop = s.shop AND l.sample = s.id AND l.source = 'human') AS h,
    EXISTS (SELECT 1 FROM labels AS l WHERE l.shop = s.shop AND l.sample = s.id AND l.source = 'proposal') AS p
  FROM samples AS s WHERE s.shop = ?
)
