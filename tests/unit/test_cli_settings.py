"""Settings as a user meets them: three lines are enough, the nearest source wins, and what is wrong is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_process import SECRET, Shell
from xundan.receive.tokens import TokenVerifier

GOOD = f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\n'


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


def test_init_writes_three_private_lines_that_are_enough(shell: Shell) -> None:
    assert shell("init", "--shop", "77").code == 0
    path = shell.directory / "xundan.toml"
    assert len(path.read_text().splitlines()) == 3
    assert path.stat().st_mode & 0o777 == 0o600
    said = shell("settings")
    assert said.code == 0
    assert "shop_id = 77    (xundan.toml)" in said.out
    assert path.read_text().split('"')[3] not in said.out, "the secret is not shown"


def test_init_overwrites_only_when_told(shell: Shell) -> None:
    path = shell.write("xundan.toml", "mine")
    said = shell("init")
    assert (said.code, path.read_text()) == (1, "mine")
    assert "--yes" in said.err
    assert shell("init", "--yes").code == 0
    assert "coze_secret" in path.read_text()


def test_init_keeps_a_quotation_mark_in_its_place(shell: Shell) -> None:
    assert shell("init", "--shop", 'a"b\\c').code == 0
    assert 'shop_id = a"b\\c    (xundan.toml)' in shell("settings").out
    assert shell("init", "--shop", "two\nlines", "--yes").code == 2


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.write("xundan.toml", GOOD + "port = 1111\nthreshold = 0.1\nlate_days = 1\n")
    monkeypatch.setenv("XUNDAN_PORT", "2222")
    monkeypatch.setenv("XUNDAN_THRESHOLD", "0.2")
    out = shell("settings", "--set", "port=3333").out
    assert "port = 3333    (command line)" in out
    assert "threshold = 0.2    (environment)" in out
    assert "late_days = 1    (xundan.toml)" in out
    assert "refund_days = 15\n" in out


def test_shared_options_stand_before_or_after_the_command(shell: Shell) -> None:
    shell.write("other.toml", GOOD + "port = 1111\n")
    assert "port = 1111    (other.toml)" in shell("--config", "other.toml", "settings").out
    assert "port = 2    (command line)" in shell("--set", "port=2", "settings", "--config", "other.toml").out


@pytest.mark.parametrize(
    ("file", "options", "sentence"),
    [
        ("", (), "缺少设置 shop_id：请写进 xundan.toml，或设环境变量 XUNDAN_SHOP_ID"),
        (GOOD + "port = 70000", (), "xundan.toml：port 应为 0 到 65535 的整数，而不是 70000"),
        (GOOD + 'lang = "fr"', (), "xundan.toml：lang 应为以下之一：zh, en，而不是 'fr'"),
        (GOOD + "thresholt = 1", (), "xundan.toml：没有名为 thresholt 的设置；xundan settings 列出全部"),
        (GOOD + "x", (), "xundan.toml：不是正确的 TOML"),
        (GOOD, ("--set", "zone=Mars"), "命令行：zone 应为时区名，例如 Asia/Shanghai，而不是 'Mars'"),
        (GOOD, ("--set", "zone"), "命令行：--set 要写成 名称=值，而不是 'zone'"),
        (GOOD, ("--config", "no.toml"), "no.toml：没有这个文件；里面要写 shop_id、coze_secret、profile"),
        (
            GOOD.replace(SECRET, ""),
            (),
            "xundan.toml：coze_secret 应为文字，或按密钥编号列出的表（轮换时有多把），而不是 现在的值",
        ),
    ],
)
def test_a_wrong_setting_is_one_sentence_with_its_name_source_and_what_was_expected(
    shell: Shell, file: str, options: tuple[str, ...], sentence: str
) -> None:
    shell.write("xundan.toml", file)
    said = shell("token", *options)
    assert said.code == 2
    assert said.err.startswith(f"错误：{sentence}")
    assert said.err.count("\n") == 1


def test_without_any_file_the_way_to_one_is_told(shell: Shell) -> None:
    assert "xundan init" in shell("serve").err


def test_all_settings_are_listed_even_while_one_is_wrong(shell: Shell) -> None:
    shell.write("xundan.toml", GOOD + "port = 70000\n")
    said = shell("settings")
    assert said.code == 2
    assert "port = 70000    (xundan.toml)" in said.out
    assert "refund_days = 15" in said.out


def test_a_token_is_for_the_shop_its_scopes_and_its_key(shell: Shell) -> None:
    secrets = {"old": SECRET + "1", "new": SECRET + "2"}
    lines = "".join(f'{kid} = "{secret}"\n' for kid, secret in secrets.items())
    shell.write("xundan.toml", f'shop_id = "1024"\nprofile = "embedded"\n[coze_secret]\n{lines}')
    verifier = TokenVerifier(secrets)
    claims = verifier.verify("Bearer " + shell("token", "--shop", "7", "--days", "2").out.strip())
    assert claims.shop == "7"
    assert claims.scopes == {"intake", "context"}
    picked = shell("token", "--kid", "old", "--scope", "report", "--scope", "import").out.strip()
    assert TokenVerifier({"old": secrets["old"]}).verify(f"Bearer {picked}").scopes == {"report", "import"}
    assert "coze_secret 里没有名为 x 的密钥，只有：old, new" in shell("token", "--kid", "x").err
    assert "scope 只能是" in shell("token", "--scope", "root").err
