"""Markdown as HTML: what is the report's own markup, and what is text."""

from PIL import Image

from bench.report.html.prose import sections


def test_only_the_reports_own_tags_are_markup():
    text = "# <b>T</b>\n\n<script>a()</script> <u>second</u> <code>x</code> <img src=x onerror=b()>\n"
    text += '\n<details>\n<summary>more <i>of it</i></summary>\n\n<iframe src="x"></iframe>\n\n</details>\n'
    [only] = sections(text, {})
    assert only.title == "T"
    assert "<u>second</u> <code>x</code>" in only.body
    assert "<details>\n<summary>more &lt;i&gt;of it&lt;/i&gt;</summary>" in only.body
    assert not any(tag in only.body for tag in ("<script", "<img", "<i>", "<iframe"))


def test_entities_stay_what_they_stand_for():
    [only] = sections("# T\n\n| a |\n| --- |\n| x&#124;y &#60;b&#62; |\n", {})
    assert '<td data-head="a">x|y &lt;b&gt;</td>' in only.body


def test_sections_begin_at_headings_and_their_anchors_are_unique():
    found = sections("# All\n\nlead\n\n## One\n\n### In it\n\n## A b\n\n## A b 1\n\n## A b\n\n## Data: `x`\n", {})
    assert [(one.anchor, one.title) for one in found] == [
        ("all", "All"),
        ("one", "One"),
        ("a-b", "A b"),
        ("a-b-1", "A b 1"),
        ("a-b-2", "A b"),
        ("data-x", "Data: x"),
    ]
    assert found[0].body == "<p>lead</p>\n"
    assert found[1].parts == [("in-it", "In it")]
    assert '<h3 id="in-it">In it <a class="anchor" href="#in-it" aria-label="Link to In it">#</a></h3>' in found[1].body


def test_a_picture_has_the_paragraph_below_as_its_caption(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (6, 4), "red").save(path)
    [only] = sections(
        "# T\n\n![one &#34;x&#34;](f/a.png)\n\nSee **it**.\n\nMore.\n\n![two](f/a.png)\n", {"f/a.png": path}
    )
    assert only.body.count("<figure><img src=") == only.body.count("</figure>") == 2
    assert 'alt="one &quot;x&quot;" width="6" height="4"' in only.body
    assert "<figcaption>See <strong>it</strong>.</figcaption>\n</figure>\n<p>More.</p>" in only.body


def test_numbers_keep_their_sign_and_columns_their_side():
    [only] = sections("# T\n\n12 % of it\n\n| a | chroma → 1 |\n| --- | ---: |\n| b | 1 |\n", {})
    assert "12\u00a0% of it" in only.body
    assert '<th class="number">chroma →\u00a01</th>' in only.body
    assert '<td data-head="a">b</td>\n<td class="number" data-head="chroma → 1">1</td>' in only.body
    assert "style" not in only.body
