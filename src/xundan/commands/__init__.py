"""The commands of `xundan`, one file a topic. Importing this fixes the language of the help texts."""

from xundan.commands import coze, data, label, model, read, repair, setup, training, trial, understanding, work
from xundan.commands.common import accept_before, group

app = group("xundan")
accept_before(app)
for topic in (work, trial, setup, coze, read, data, understanding, training, label, model, repair):
    topic.register(app)
