"""What axe-core finds wrong in what soravid shows, by the rules of WCAG 2.1, levels A and AA."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page

ROOTS = ".soravid-card, .soravid"
"""What is ours on a page: the lasting cards and the widgets. The page around them is JupyterLab's to mend."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

# JupyterLab's body hides what flows over and is 0 pixels high: axe takes all text in it for unseen, and
# judges no colour. Colours that are measured in a transition are those of one frame of it. And what is
# labelled by an id that another widget has, too, is labelled by that one; axe no longer looks for this.
_RUN = """async (root, [roots, rules]) => {
    const ours = [...root.querySelectorAll(roots), ...(root.matches?.(roots) ? [root] : [])];
    if (!ours.length) throw new Error(`There is nothing of soravid's to judge (${roots}).`);
    await Promise.all(ours.flatMap((node) => node.getAnimations({ subtree: true }))
        .filter((moving) => moving.effect.getComputedTiming().endTime !== Infinity)
        .map((moving) => moving.finished.catch(() => null)));
    document.body.style.minHeight = "100vh";
    const found = await axe.run({ include: ours }, { runOnly: rules, resultTypes: ["violations"] });
    document.body.style.minHeight = "";
    const inside = ours.flatMap((node) => [node, ...node.querySelectorAll("[id]")]);
    const named = new Set(inside.filter(({ id }) => id));
    const twice = [...named].filter(({ id }) => document.querySelectorAll(`#${CSS.escape(id)}`).length > 1)
        .map((node) => ({ html: node.outerHTML, failureSummary: "Another element has the same id." }));
    return [...found.violations, { id: "id-twice", impact: "serious", nodes: twice }];
}"""


def violations(where: Page | Locator) -> list[str]:
    """Judge soravid's parts of a page, or of an element and what it holds.

    Returns:
        One line for each element that breaks a rule: the rule, the element, what is wrong. Empty is good.

    Raises:
        playwright.sync_api.Error: if nothing of soravid's is there.
    """
    page, root = (where.page, where) if isinstance(where, Locator) else (where, where.locator("body"))
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = root.evaluate(_RUN, [ROOTS, RULES])
    return [
        f"{rule['id']} ({rule['impact']}) at {node['html'][:200]}: {' '.join(node['failureSummary'].split())}"
        for rule in found
        for node in rule["nodes"]
    ]
