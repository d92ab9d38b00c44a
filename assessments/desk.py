"""The pages of a draft in the admin: edit it, check and replay it, publish it; and any version to read.

Part of `assessments.admin.QuestionnaireAdmin`. Each page loads, makes one call and shows what came of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from assessments import drafts, publishing, replays, rulesets, services
from assessments.drafts import NoDraft, StaleDraft, UnableToPublish
from assessments.evidence import GAPS
from assessments.forms import BaseStatements, statements_form
from assessments.models import Assessment, Questionnaire, QuestionnaireVersion
from assessments.replays import Move

SHOWN_MOVES = 100
GAP_NAMES = {"cto": "CTO", "ai": "AI officer", "both": "Both", "unclear": "Unclear"}
NO_DRAFT = "There is no draft: it was published or discarded meanwhile."
STALE = "The draft has changed since you opened it, or a new version was published."


class DraftPages(ModelAdmin):
    """The room above, which knows the submissions, says what a draft is tried on and whose it is."""

    def past(self) -> QuerySet[Assessment]:
        """The judgements that a draft is replayed on, newest first."""
        raise NotImplementedError

    def whose(self, moves: Sequence[Move]) -> Mapping[int, SafeString]:
        """Assessment id → who was judged, for the page."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("<int:pk>/draft/", self.edit, "draft"),
            ("<int:pk>/draft/open/", require_POST(self.open), "open_draft"),
            ("<int:pk>/draft/discard/", require_POST(self.discard), "discard_draft"),
            ("<int:pk>/draft/check/", self.check_draft, "check_draft"),
            ("<int:pk>/draft/publish/", require_POST(self.publish), "publish_draft"),
            ("<int:pk>/versions/<int:number>/", self.version, "version"),
        )
        own = [
            path(route, self.admin_site.admin_view(view), name=f"assessments_questionnaire_{name}")
            for route, view, name in pages
        ]
        return [*own, *super().get_urls()]

    # --- to read ----------------------------------------------------------------------------------------

    def version(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        questionnaire = get_object_or_404(Questionnaire, pk=pk)
        if not self.has_view_permission(request, questionnaire):
            raise PermissionDenied
        version = get_object_or_404(questionnaire.versions.select_related("questionnaire"), number=number)
        return self._page(request, "version", version, signals=services.signals_of(version))

    # --- the draft --------------------------------------------------------------------------------------

    def open(self, request: HttpRequest, pk: int) -> HttpResponse:
        questionnaire = self._editable(request, pk)
        draft, is_new = drafts.open_draft(questionnaire)
        if is_new:
            self.log_change(request, questionnaire, f"opened version {draft.number} as a draft")
        return _to("draft", pk)

    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        questionnaire = self._editable(request, pk)
        draft = drafts.draft_of(questionnaire)
        if draft is None:
            return self._without_draft(request, pk)
        if request.method != "POST":
            return self._form(request, draft, statements_form(draft), seen=drafts.fingerprint(draft))
        if "_add" in request.POST:
            return self._form(request, draft, _with_a_row(draft, request.POST), seen=_seen(request))
        return self._save(request, draft)

    def _save(self, request: HttpRequest, draft: QuestionnaireVersion) -> HttpResponse:
        questionnaire = draft.questionnaire
        form = statements_form(draft, request.POST)
        if not form.is_valid():
            return self._form(request, draft, form, seen=_seen(request), status=400)
        try:
            drafts.save_draft(questionnaire, form.signals(), seen=_seen(request))
        except NoDraft:
            return self._without_draft(request, questionnaire.pk)
        except StaleDraft:
            self.message_user(request, f"{STALE} Saving again replaces it with what stands below.", messages.ERROR)
            newer = drafts.draft_of(questionnaire) or draft
            return self._form(request, newer, form, seen=drafts.fingerprint(newer), status=400)
        self.log_change(request, questionnaire, f"edited the draft of version {draft.number}")
        self.message_user(request, f"The draft of version {draft.number} is saved.", messages.SUCCESS)
        return _to("check_draft" if "_check" in request.POST else "draft", questionnaire.pk)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        questionnaire = self._editable(request, pk)
        try:
            number = drafts.discard_draft(questionnaire, seen=_seen(request))
        except NoDraft:
            return self._without_draft(request, pk)
        except StaleDraft:
            self.message_user(request, f"{STALE} Look at it again before you discard it.", messages.ERROR)
            return _to("draft", pk)
        self.log_change(request, questionnaire, f"discarded the draft of version {number}")
        self.message_user(request, f"The draft of version {number} is gone.", messages.SUCCESS)
        return _to("change", pk)

    # --- check and publish ------------------------------------------------------------------------------

    def check_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What stands in the way; where nothing does, who would move, and the button."""
        questionnaire = self._editable(request, pk)
        draft = drafts.draft_of(questionnaire)
        if draft is None:
            return self._without_draft(request, pk)
        problems = publishing.problems(services.ruleset_of(draft))
        tried = {} if problems else self._tried(draft)
        published = services.newest_of(questionnaire)
        return self._page(
            request,
            "check",
            draft,
            problems=problems,
            seen=drafts.fingerprint(draft),
            published=published,
            changes=drafts.changes(services.signals_of(published), services.signals_of(draft)) if published else [],
            thresholds=rulesets.CURRENT,
            **tried,
        )

    def _tried(self, draft: QuestionnaireVersion) -> dict[str, Any]:
        outcome = replays.replay(draft, past=self.past())
        shown = outcome.moved[:SHOWN_MOVES]
        whose = self.whose(shown)
        return {
            "replay": outcome,
            "most": replays.NEWEST,
            "gaps": [GAP_NAMES[gap] for gap in GAPS],
            "matrix": [
                (GAP_NAMES[before], [(count, GAPS[place] == before) for place, count in enumerate(counts)])
                for before, counts in outcome.matrix
            ],
            "moves": [(whose.get(m.assessment_id, ""), GAP_NAMES[m.before], GAP_NAMES[m.after]) for m in shown],
            "ignored": outcome.ignored.most_common(),
        }

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        questionnaire = self._editable(request, pk)
        try:
            version = drafts.publish_draft(questionnaire, seen=_seen(request), now=timezone.now())
        except NoDraft:
            return self._without_draft(request, pk)
        except StaleDraft:
            self.message_user(request, f"{STALE} Look at it again before you publish it.", messages.ERROR)
            return _to("check_draft", pk)
        except UnableToPublish as error:
            self.message_user(request, f"Not published: {len(error.problems)} in the way, see below.", messages.ERROR)
            return _to("check_draft", pk)
        self.log_change(request, questionnaire, f"published version {version.number}")
        self.message_user(request, f"Version {version.number} is published and judges from now on.", messages.SUCCESS)
        return _to("change", pk)

    # --- what they share --------------------------------------------------------------------------------

    def _editable(self, request: HttpRequest, pk: int) -> Questionnaire:
        questionnaire = self.get_object(request, str(pk))
        if questionnaire is None:
            raise Http404
        if not self.has_change_permission(request, questionnaire):
            raise PermissionDenied
        assert isinstance(questionnaire, Questionnaire)
        return questionnaire

    def _without_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.message_user(request, NO_DRAFT, messages.WARNING)
        return _to("change", pk)

    def _form(
        self, request: HttpRequest, draft: QuestionnaireVersion, form: BaseStatements, *, seen: str, status: int = 200
    ) -> HttpResponse:
        """`seen` is what the person knows of: a form that is shown again has seen no more than the first time."""
        most = publishing.MOST_STATEMENTS
        return self._page(request, "draft", draft, formset=form, seen=seen, most=most, status=status)

    def _page(
        self, request: HttpRequest, name: str, version: QuestionnaireVersion, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        titles = {"version": "Version {}", "draft": "Draft of version {}", "check": "Check the draft of version {}"}
        heading = titles[name].format(version.number)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{version.questionnaire}: {heading}",
            "heading": heading,
            "opts": self.opts,
            "questionnaire": version.questionnaire,
            "version": version,
            "may_edit": self.has_change_permission(request, version.questionnaire),
            **context,
        }
        return TemplateResponse(request, f"assessments/{name}.html", context, status=status)


def _to(page: str, pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:assessments_questionnaire_{page}", args=[pk]))


def _seen(request: HttpRequest) -> str:
    return request.POST.get("seen", "")


def _with_a_row(draft: QuestionnaireVersion, data: QueryDict) -> BaseStatements:
    """The same form with one more row, for browsers that run no script."""
    more = data.copy()
    rows = statements_form(draft, data).total_form_count()  # whatever was sent, within bounds
    more["row-TOTAL_FORMS"] = str(rows + 1)
    return statements_form(draft, more)
