package hotel.engine.speed;

import java.util.ArrayList;
import java.util.List;
import org.operaton.bpm.engine.impl.bpmn.behavior.CallActivityBehavior;
import org.operaton.bpm.engine.impl.bpmn.parser.AbstractBpmnParseListener;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.pvm.process.ActivityImpl;
import org.operaton.bpm.engine.impl.pvm.process.ScopeImpl;
import org.operaton.bpm.engine.impl.util.xml.Element;

/** Lets call activities write only the variables that have changed, but for those whose delegate maps them. */
public final class Calls extends AbstractBpmnParseListener {

    private static final List<String> BY_DELEGATE = List.of("variableMappingClass", "variableMappingDelegateExpression");

    private Calls() {}

    /** Before the engine is built. */
    public static void install(ProcessEngineConfigurationImpl configuration) {
        var listeners = new ArrayList<>(configuration.getCustomPostBPMNParseListeners() == null
                ? List.of() : configuration.getCustomPostBPMNParseListeners());
        listeners.add(new Calls());
        configuration.setCustomPostBPMNParseListeners(listeners);
    }

    @Override
    public void parseCallActivity(Element call, ScopeImpl scope, ActivityImpl activity) {
        var behavior = activity.getActivityBehavior();
        // Not a call of a case, nor what somebody else has put there.
        if (behavior.getClass() == CallActivityBehavior.class && !isByDelegate(call)) {
            activity.setActivityBehavior(new CallOfWhatChanges((CallActivityBehavior) behavior));
        }
    }

    private static boolean isByDelegate(Element call) {
        return call.attributes().stream().anyMatch(name -> BY_DELEGATE.stream().anyMatch(name::endsWith));
    }
}
