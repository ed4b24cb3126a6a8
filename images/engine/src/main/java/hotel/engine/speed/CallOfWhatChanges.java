package hotel.engine.speed;

import java.util.Objects;
import java.util.Set;
import org.operaton.bpm.engine.delegate.VariableScope;
import org.operaton.bpm.engine.impl.bpmn.behavior.CallActivityBehavior;
import org.operaton.bpm.engine.impl.bpmn.helper.BpmnProperties;
import org.operaton.bpm.engine.impl.core.variable.CoreVariableInstance;
import org.operaton.bpm.engine.impl.core.variable.scope.AbstractVariableScope;
import org.operaton.bpm.engine.impl.persistence.entity.ExecutionEntity;
import org.operaton.bpm.engine.impl.pvm.delegate.ActivityExecution;
import org.operaton.bpm.engine.variable.VariableMap;
import org.operaton.bpm.engine.variable.type.ValueType;
import org.operaton.bpm.engine.variable.value.TypedValue;

/**
 * A call activity whose caller gets back all variables that it is to get, and writes those that have changed.
 *
 * <p>The engine writes each of them: a new revision of the variable, and an entry in its history that tells of no change.
 */
public class CallOfWhatChanges extends CallActivityBehavior {

    /** Their values compare by what they say. */
    private static final Set<ValueType> PLAIN = Set.of(ValueType.STRING, ValueType.BOOLEAN, ValueType.INTEGER,
            ValueType.LONG, ValueType.SHORT, ValueType.DOUBLE, ValueType.DATE, ValueType.NULL);

    /**
     * @param behavior what the engine made, without a delegate that maps variables
     */
    public CallOfWhatChanges(CallActivityBehavior behavior) {
        setCallableElement(behavior.getCallableElement());
    }

    @Override
    public void passOutputVariables(ActivityExecution execution, VariableScope called) {
        var back = filterVariables(getOutputVariables(called));
        if (!mayWaitForVariables(execution)) {
            removeUnchanged(back, (AbstractVariableScope) execution);
        }
        execution.setVariables(back);
        execution.setVariablesLocal(getOutputVariablesLocal(called));
    }

    /** A conditional event may wait for a variable to be written, whatever its value. */
    private static boolean mayWaitForVariables(ActivityExecution execution) {
        return !(execution instanceof ExecutionEntity entity)
                || Boolean.TRUE.equals(
                        entity.getProcessDefinition().getProperties().get(BpmnProperties.HAS_CONDITIONAL_EVENTS));
    }

    private static void removeUnchanged(VariableMap back, AbstractVariableScope caller) {
        back.keySet().removeIf(name -> isSame(back.getValueTyped(name), variable(caller, name)));
    }

    /** Where {@code setVariable} would write it. */
    private static CoreVariableInstance variable(AbstractVariableScope caller, String name) {
        for (var scope = caller; scope != null; scope = scope.getParentVariableScope()) {
            var found = scope.getVariableInstanceLocal(name);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static boolean isSame(TypedValue back, CoreVariableInstance known) {
        if (back == null || known == null || back.isTransient() || !PLAIN.contains(back.getType())) {
            return false;
        }
        var value = known.getTypedValue(false);
        return value != null && !value.isTransient() && back.getType().equals(value.getType())
                && Objects.equals(back.getValue(), value.getValue());
    }
}
