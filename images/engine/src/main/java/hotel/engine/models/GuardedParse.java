package hotel.engine.models;

import java.util.List;
import org.operaton.bpm.engine.impl.bpmn.parser.BpmnParse;
import org.operaton.bpm.engine.impl.bpmn.parser.BpmnParser;
import org.operaton.bpm.engine.impl.bpmn.parser.FieldDeclaration;
import org.operaton.bpm.engine.impl.pvm.process.ActivityImpl;
import org.operaton.bpm.engine.impl.util.xml.Element;

/**
 * Refuses models as they are deployed.
 *
 * <p>Models that are in the database already are read as they are, so that the engine starts and what runs of them can be
 * looked at and ended; what they may not do fails when an instance comes to it.
 */
class GuardedParse extends BpmnParse {

    private final ModelSettings settings;

    GuardedParse(BpmnParser parser, ModelSettings settings) {
        super(parser);
        this.settings = settings;
    }

    @Override
    protected void parseRootElement() {
        if (rootElement != null && (deployment == null || deployment.isNew())) {
            new ProcessCheck(settings, (fault, at) -> addError(at.id().isEmpty() ? fault
                    : "'" + at.id() + "': " + fault, at.element(), at.id())).check(rootElement);
        }
        if (!hasErrors()) {
            super.parseRootElement();
        }
    }

    @Override
    protected void parseShellServiceTask(ActivityImpl activity, Element task, List<FieldDeclaration> fields) {
        if (settings.isOpen(Opening.SHELL)) {
            super.parseShellServiceTask(activity, task, fields);
        } else {
            activity.setActivityBehavior(new RefusedTask("shell"));
        }
    }

    @Override
    protected void parseEmailServiceTask(ActivityImpl activity, Element task, List<FieldDeclaration> fields) {
        activity.setActivityBehavior(new RefusedTask("mail"));
    }
}
