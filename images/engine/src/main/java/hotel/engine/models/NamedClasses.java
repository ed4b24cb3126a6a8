package hotel.engine.models;

import org.operaton.bpm.engine.ArtifactFactory;
import org.operaton.bpm.engine.ProcessEngineException;
import org.operaton.bpm.engine.impl.DefaultArtifactFactory;
import org.operaton.bpm.engine.impl.bpmn.behavior.ShellActivityBehavior;

/** Makes objects of the classes that the settings name, and of no others, whatever a model from before says. */
class NamedClasses implements ArtifactFactory {

    private final ArtifactFactory artifacts = new DefaultArtifactFactory();
    private final ModelSettings settings;

    NamedClasses(ModelSettings settings) {
        this.settings = settings;
    }

    @Override
    public <T> T getArtifact(Class<T> type) {
        if (!settings.isNamed(type.getName()) && !isOpenShell(type)) {
            throw new ProcessEngineException("Models may not use the class '" + type.getName()
                    + "': name it in ENGINE_MODELS_CLASSES, or use an external task and a worker");
        }
        return artifacts.getArtifact(type);
    }

    /** The engine makes its own task for commands by its class's name, too. */
    private boolean isOpenShell(Class<?> type) {
        return type == ShellActivityBehavior.class && settings.isOpen(Opening.SHELL);
    }
}
