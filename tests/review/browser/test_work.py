"""The work on an alert in a real browser: from sign-in to a decision, and everything that may come between."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.review.browser.desk import Desk, watched
from tests.review.browser.store import BUSY, PASSWORD, alert_id

RUSSIAN = {"KeyN": "т", "KeyE": "у", "KeyC": "с", "KeyR": "к", "KeyZ": "я", "KeyX": "ч", "KeyB": "и", "KeyJ": "о"}
"""What the keys give under the Russian layout."""


def press(page: Page, code: str, *, shift: bool = False) -> None:
    """Press a key as a keyboard with the Russian layout does: the place is the same, the letter another."""
    page.evaluate(
        """([code, key, shift]) => (document.activeElement || document.body).dispatchEvent(
            new KeyboardEvent("keydown", {code, key, shiftKey: shift, bubbles: true, cancelable: true}))""",
        [code, RUSSIAN.get(code, code.removeprefix("Digit")), shift],
    )


def take(page: Page) -> None:
    """Take the alert that is open."""
    press(page, "KeyC")
    expect(page.get_by_role("group", name="Decide")).to_be_visible()


def close(page: Page, letters: str, why: str) -> None:
    """Decide by keyboard alone: a decision by its letters, the rationale, send."""
    press(page, "Digit1")
    expect(page.get_by_label("Find a decision by its letters")).to_be_focused()
    page.keyboard.insert_text(letters)
    page.keyboard.press("Enter")
    expect(page.locator("#close-text")).to_be_focused()
    page.keyboard.insert_text(why)
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")


def test_a_new_analyst_signs_in_and_decides_the_first_alert_by_keyboard_under_the_russian_layout(desk: Desk) -> None:
    context = desk.browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    with watched(context, desk.origin) as page:
        desk.to(page, "/")
        page.fill("[name=username]", "Olga")
        page.fill("[name=password]", PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Queues")).to_be_visible()
        with page.expect_navigation():
            press(page, "KeyN")
        expect(page.get_by_role("group", name="Decide")).to_be_visible()
        assert page.url.split("/alert/")[1].startswith(alert_id(25)), "the first of the day's order"
        with page.expect_navigation():
            page.get_by_role("button", name="Give back").click()
        desk.alert(page, 19)
        take(page)
        press(page, "KeyE")
        expect(page.locator(".reason").first.get_by_role("cell", name="Плательщик 19-1")).to_be_visible()
        close(page, "зарп", "Зарплата четырёх сотрудников за январь.")
        expect(page.get_by_role("status").filter(has_text="Closed: D5.")).to_be_visible()
    assert desk.state(19) == ("closed", "D5")


def test_letters_typed_right_after_a_key_reach_the_form_and_nothing_takes_them_away(desk: Desk) -> None:
    """All in one turn of the browser, faster than it tells anybody that the form has opened."""
    with desk.person("boris") as page:
        desk.alert(page, 7)
        take(page)
        focused = page.evaluate(
            """async () => {
                const press = (code, key) => document.activeElement.dispatchEvent(
                    new KeyboardEvent("keydown", {code, key, bubbles: true, cancelable: true}));
                const focused = () => document.activeElement.id || document.activeElement.className;
                const seen = [];
                press("Digit1", "1");
                seen.push(focused());
                document.activeElement.value = "D4";
                press("Enter", "Enter");
                seen.push(focused());
                await new Promise((done) => setTimeout(() => requestAnimationFrame(done), 50));
                seen.push(focused());
                return seen;
            }"""
        )
        assert focused == ["pick", "close-text", "close-text"]
        with page.expect_navigation():
            page.get_by_role("button", name="Give back").click()


def test_days_are_shown_and_typed_in_the_language_of_the_page(desk: Desk) -> None:
    day = datetime.now(UTC).date() + timedelta(days=5)
    with desk.person("boris") as page:
        desk.alert(page, 7)
        take(page)
        press(page, "Digit3")
        expect(page.locator("#until")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))
        with page.expect_navigation():
            page.get_by_role("button", name="Русский").click()
        press(page, "Digit3")
        until = page.locator("#until")
        expect(until).to_have_value(re.compile(r"^\d\d\.\d\d\.\d{4}$"))
        until.fill("02/03/2030")
        assert until.evaluate("field => field.validity.patternMismatch"), "which of both is the month, nobody knows"
        until.fill("1.1.2020")
        page.fill("#defer-text", "Ждём выписку за февраль.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        page.trouble.forgive(409)
        expect(page.get_by_role("alert")).to_contain_text("День")
        expect(page.locator("#until")).to_have_value("1.1.2020")
        page.fill("#until", f"{day:%d.%m.%Y}")
        with page.expect_navigation():
            page.get_by_role("button", name="Отложить", exact=False).last.click()
        expect(page.get_by_text(f"Отложен до {day:%d.%m.%Y}", exact=False).first).to_be_visible()
        with page.expect_navigation():
            page.get_by_role("button", name="English").click()
    stored = desk.query("select state, wake_on from console_alert where alert_id = ?", alert_id(7))
    assert stored == [("deferred", f"{day:%Y-%m-%d}")]


def test_reasons_open_their_rows_and_nothing_is_shown_of_similar_alerts_before(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, 18)
        page.get_by_text("Similar alerts, and what was decided").click()
        expect(page.get_by_text("Open one of the reasons first")).to_be_visible()
        page.locator(".reason summary").first.click()
        expect(page.locator(".reason[open] tbody tr")).to_have_count(4)
        page.get_by_text("Similar alerts, and what was decided").click()
        page.get_by_text("Similar alerts, and what was decided").click()
        expect(
            page.get_by_text("No decided alert resembles it yet").or_(page.locator(".similar").first)
        ).to_be_visible()
        page.get_by_text("Reports", exact=False).first.click()
        expect(page.get_by_text("Поступления от многих физических лиц")).to_be_visible()
        page.get_by_text("Why it stands here").click()
        expect(page.get_by_text("the same order, bit for bit")).to_be_visible()


def test_a_second_person_approves_and_nobody_approves_their_own(desk: Desk) -> None:
    with desk.person("timur") as page:
        desk.alert(page, 24)
        take(page)
        close(page, "D3", "Подтверждено по выписке, ниже приоритета.")
        expect(page.get_by_text("You proposed it; another senior analyst or the head approves it.")).to_be_visible()
        desk.to(page, "/approvals/")
        expect(page.get_by_text("Your own: another senior analyst or the head approves it.").first).to_be_visible()
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        decision = desk.query("select id from console_decision where status = 'proposed'")[0][0]
        version = desk.query("select version from console_alert where alert_id = ?", alert_id(24))[0][0]
        # The screen offers no button; whoever sends the form by hand is refused by the store.
        page.evaluate(
            """([address, version]) => {
                const form = document.createElement("form");
                form.method = "post"; form.action = address;
                for (const [name, value] of Object.entries({
                    csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value,
                    version, answer: "approve"})) {
                    const input = document.createElement("input");
                    input.name = name; input.value = value; form.append(input);
                }
                document.body.append(form); form.submit();
            }""",
            [f"/approvals/{decision}/", str(version)],
        )
        expect(page.get_by_text("Nobody approves their own decision.")).to_be_visible()
        page.trouble.forgive(409)
    assert desk.state(24) == ("pending_approval", "")
    with desk.person("vera") as page:
        desk.to(page, "/approvals/")
        card = page.locator(".card").filter(has_text="Тимур Ахметов")
        with page.expect_navigation():
            card.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status").filter(has_text="Approved.")).to_be_visible()
    assert desk.state(24) == ("closed", "D3")


def test_an_idle_lock_is_taken_over_and_the_former_holder_loses_no_word(desk: Desk) -> None:
    with desk.person("olga") as first, desk.person("boris") as second:
        desk.alert(first, 17)
        take(first)
        press(first, "Digit1")
        first.get_by_label("Find a decision by its letters").press_sequentially("D4")
        first.keyboard.press("Enter")
        expect(first.locator("#close-text")).to_be_focused()
        first.keyboard.insert_text("Связан с магазином, но не подтверждён.")
        desk.alert(second, 17)
        expect(second.get_by_text("Ольга Ким works on it since")).to_be_visible()
        expect(second.get_by_role("button", name="Take it over")).to_have_count(0)
        desk.make_idle(17)
        second.reload()
        with second.expect_navigation():
            second.get_by_role("button", name="Take it over").click()
        expect(second.get_by_role("group", name="Decide")).to_be_visible()
        first.keyboard.press("Control+Enter")
        expect(first.get_by_role("alert")).to_contain_text("Борис Юн has changed this alert meanwhile")
        expect(first.get_by_role("alert")).to_contain_text("taken")
        expect(first.locator("#kept")).to_have_value("Связан с магазином, но не подтверждён.")
        first.trouble.forgive(409)
    assert desk.state(17)[0] in ("assigned", "in_review")


def test_a_decision_on_what_has_changed_is_refused_and_its_text_stands_in_the_form(desk: Desk) -> None:
    with desk.person("olga") as page:
        desk.alert(page, 16)
        take(page)
        desk.query("update console_alert set version = version + 1 where alert_id = ?", alert_id(16))
        press(page, "Digit1")
        expect(page.get_by_label("Find a decision by its letters")).to_be_focused()
        page.keyboard.insert_text("хранения")
        page.keyboard.press("Enter")
        expect(page.locator("#close-text")).to_be_focused()
        page.keyboard.insert_text("Данные уже не хранятся у банка.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("Nothing was decided")
        expect(page.locator("#close-text")).to_have_value("Данные уже не хранятся у банка.")
        expect(page.locator("input[name=code][value=D9]")).to_be_checked()
        assert desk.state(16)[0] in ("assigned", "in_review")
        with page.expect_navigation():
            page.get_by_role("button", name="Close with this decision").click()
        page.trouble.forgive(409)
    assert desk.state(16) == ("closed", "D9")


def test_a_session_that_ended_before_the_form_was_sent_costs_no_word(desk: Desk) -> None:
    why = "Долгое обоснование, которое никто не хочет писать дважды."
    with desk.person("olga") as page:
        desk.alert(page, 9)
        take(page)
        press(page, "Digit5")
        page.fill("#escalate-text", why)
        page.context.clear_cookies(name="sluice")
        page.keyboard.press("Control+Enter")
        page.fill("[name=username]", "olga")
        page.fill("[name=password]", PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        desk.alert(page, 9)
        expect(page.locator("#escalate-text")).to_have_value(why)
        press(page, "Digit5")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        assert desk.state(9) == ("escalated", "")
        assert page.evaluate("Object.keys(sessionStorage).filter((key) => /^draft|^sent/.test(key))") == []


def test_undo_within_ten_seconds(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, 15)
        take(page)
        close(page, "D7 порог", "Порог ниже обычного оборота рынка.")
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        assert desk.state(15) == ("closed", "D7")
        with page.expect_navigation():
            press(page, "KeyZ")
        expect(page.get_by_text("Undone. The alert is as before.")).to_be_visible()
        expect(page.get_by_role("group", name="Decide")).to_be_visible()
    assert desk.state(15) == ("in_review", "")


def test_defer_ask_hand_up_and_put_into_a_case(desk: Desk) -> None:
    with desk.person("olga") as page:
        desk.alert(page, 14)
        take(page)
        press(page, "Digit3")
        page.get_by_role("button", name="14 days").click()
        page.fill("#defer-text", "Ждём выписку за февраль.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        assert desk.state(14) == ("deferred", "")
        desk.alert(page, 13)
        take(page)
        press(page, "Digit4")
        page.fill("#addressee", "ПАО «Омь-Кредит»")
        page.fill("#ask-text", "Кто пользуется доступом к счёту?")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        assert desk.state(13) == ("info_requested", "")
        page.fill("#answer-text", "Доступ только у владельца.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        expect(page.get_by_role("group", name="Decide")).to_be_visible()
        press(page, "Digit2")
        page.fill("#case-title", "Интернет-магазин, Омск")
        with page.expect_navigation():
            page.locator("#case-text").press("Control+Enter")
        assert desk.state(13) == ("linked", "")
        desk.alert(page, 12)
        take(page)
        press(page, "Digit5")
        page.fill("#escalate-text", "Нужно решение о приостановлении.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        assert desk.state(12) == ("escalated", "")
    with desk.person("vera") as page:
        desk.alert(page, 12)
        press(page, "KeyC")
        expect(page.get_by_role("group", name="Decide")).to_be_visible()


def test_what_is_put_aside_comes_back_and_what_is_closed_is_opened_again(desk: Desk) -> None:
    with desk.person("olga") as page:
        desk.alert(page, 8)
        take(page)
        press(page, "Digit3")
        page.get_by_role("button", name="30 days").click()
        page.fill("#defer-text", "Ждём ответ из-за рубежа.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        expect(page.get_by_role("status").filter(has_text="The deferral waits for a second person.")).to_be_visible()
    with desk.person("vera") as page:
        desk.alert(page, 8)
        with page.expect_navigation():
            page.get_by_role("button", name="Return it").click()
        expect(page.get_by_role("alert")).to_contain_text("Say why in at least")
        page.trouble.forgive(409)
        desk.alert(page, 8)
        with page.expect_navigation():
            page.get_by_role("button", name="Approve").click()
        assert desk.state(8) == ("deferred", "")
        desk.alert(page, 8)
        with page.expect_navigation():
            page.get_by_role("button", name="Bring it back now").click()
        assert desk.state(8)[0] == "queued"
        take(page)
        close(page, "D6 повтор", "Тот же счёт под двумя номерами.")
        page.get_by_text("Open it again").first.click()
        page.fill("#reopen-text", "Номера оказались разными.")
        with page.expect_navigation():
            page.locator("#reopen-text").press("Control+Enter")
        expect(page.get_by_text("Open again. The old decision stays on record.")).to_be_visible()
    assert desk.state(8) == ("reopened", "")


def test_the_flow_is_expanded_and_its_nodes_light_up_their_rows(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, BUSY)
        cards = page.locator("#flow .fl-card")
        before = cards.count()
        page.locator("#flow a.fl-more").first.click()
        expect(page.locator("#flow a.fl-more")).to_have_count(0)
        assert cards.count() > before
        page.locator(".reason summary").first.click()
        expect(page.get_by_text("The rows of reason 1 are marked.")).to_be_visible()
        page.locator("#flow .fl-card", has_text=f"Плательщик {BUSY}-3").first.press("Enter")
        expect(page.locator(".mv-table tr.is-lit")).to_have_count(1)
        expect(page.locator(".reason[open] tr.is-lit")).to_have_count(1)


def test_a_queue_is_narrowed_and_put_in_another_order(desk: Desk) -> None:
    with desk.person("irina") as page:
        desk.to(page, "/queue/ru-oms-drug-shop/")
        page.select_option("[name=sort]", "due")
        page.wait_for_url("**sort=due**")
        page.select_option("[name=sort]", "amount")
        page.wait_for_url("**sort=amount**")
        amounts = page.locator("tbody tr[data-row] td:nth-child(6)").all_inner_texts()
        figures = [int("".join(c for c in text.split("RUB")[0] if c.isdigit())) for text in amounts]
        assert figures == sorted(figures, reverse=True)
        assert len(figures) > 5
        page.select_option("[name=class]", "0")
        page.wait_for_url("**class=0**")
        expect(page.get_by_text("No alert passes these filters.")).to_be_visible()
        page.get_by_role("link", name="Show all").click()
        expect(page.locator("tbody tr[data-row]").first).to_be_visible()


def test_a_name_is_found_in_either_script(desk: Desk) -> None:
    with desk.person("boris") as page:
        for words in ("Щербаков", "Shcherbakov"):
            desk.to(page, "/")
            page.keyboard.press("/")
            expect(page.locator("#find")).to_be_focused()
            page.keyboard.insert_text(words)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            expect(page.get_by_role("link", name="Щербаков Юрий").first).to_be_visible()


def test_several_alerts_of_one_rule_are_closed_together_and_undone(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.to(page, "/queue/ru-oms-drug-shop/?view=below")
        marks = page.locator("[data-mark]")
        assert marks.count() >= 3
        names = [page.locator("tbody tr[data-row]").nth(place).get_attribute("data-row") for place in range(3)]
        press(page, "KeyJ")
        press(page, "KeyX")
        press(page, "KeyJ")
        press(page, "KeyJ")
        press(page, "KeyX", shift=True)
        expect(page.locator("[data-count]")).to_have_text("3")
        with page.expect_navigation():
            press(page, "KeyB")
        expect(page.get_by_role("heading", name="Close 3 alerts together")).to_be_visible()
        page.get_by_label("D5", exact=False).check()
        page.get_by_label("merchant").check()
        page.fill("#bulk-text", "Обычная выручка торговых точек.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        expect(page.get_by_text("3 alerts closed.")).to_be_visible()
        marks = ", ".join("?" for _ in names)
        states = desk.query(f"select distinct state from console_alert where alert_id in ({marks})", *names)  # noqa: S608
        assert states == [("closed",)]
        with page.expect_navigation():
            press(page, "KeyZ")
        expect(page.get_by_text("Undone: 3 alerts are as before.")).to_be_visible()
        states = desk.query(f"select distinct state from console_alert where alert_id in ({marks})", *names)  # noqa: S608
        assert ("closed",) not in states


def test_marked_alerts_go_into_a_case_together_and_come_out_by_one_key(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.to(page, "/queue/ru-oms-drug-shop/?view=below")
        names = [page.locator("tbody tr[data-row]").nth(place).get_attribute("data-row") for place in range(2)]
        for place in range(2):
            page.locator("[data-mark]").nth(place).check()
        with page.expect_navigation():
            page.get_by_role("button", name="Into a case…").click()
        expect(page.get_by_role("heading", name="Put 2 alerts into a case")).to_be_visible()
        page.get_by_label("Title of a new case").fill("Одна сеть")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="Одна сеть")).to_be_visible()
        expect(page.locator("#subject li")).to_have_count(2)
        expect(page.get_by_role("status").filter(has_text="2 alerts are in case")).to_be_visible()
        asked = "select distinct state from console_alert where alert_id in (?, ?)"
        assert desk.query(asked, *names) == [("linked",)]
        with page.expect_navigation():
            press(page, "KeyZ")
        assert desk.query(asked, *names) == [("queued",)]


def test_the_button_tells_of_a_dissemination_that_it_is_only_proposed(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.to(page, "/queue/ru-oms-drug-shop/?view=below")
        with page.expect_navigation():
            page.locator("[data-open]").last.click()
        take(page)
        press(page, "Digit1")
        page.get_by_label("D5", exact=False).check()
        expect(page.get_by_role("button", name="Close with this decision")).to_be_visible()
        page.get_by_label("D1", exact=False).first.check()
        expect(page.get_by_role("button", name="Propose the decision")).to_be_visible()
        expect(page.get_by_role("button", name="Close with this decision")).to_have_count(0)
        with page.expect_navigation():
            page.get_by_role("button", name="Give back").click()
