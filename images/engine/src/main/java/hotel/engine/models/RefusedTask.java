package hotel.engine.models;

import org.operaton.bpm.engine.ProcessEngineException;
import org.operaton.bpm.engine.impl.bpmn.behavior.TaskActivityBehavior;
import org.operaton.bpm.engine.impl.pvm.delegate.ActivityExecution;

/** A task of a model from before that this engine does not run. */
class RefusedTask extends TaskActivityBehavior {

    private final String type;

    RefusedTask(String type) {
        this.type = type;
    }

    @Override
    public void execute(ActivityExecution execution) {
        throw new ProcessEngineException("Tasks of the type '" + type + "' are not run here (see ENGINE_MODELS_ALLOW): "
                + "deploy the model with an external task and move its instances there");
    }
}
